from hyperopt import fmin, hp, tpe

best = fmin(
    fn=lambda x: x**2,
    space=hp.uniform("x", -10, 10),
    algo=tpe.suggest,
    max_evals=50,
)
print(best)

assert set(best) == {"x"}
assert -10 <= best["x"] <= 10
assert abs(best["x"]) < 5
