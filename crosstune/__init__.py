"""One model-tuning spec, three engines, one flag between them."""
