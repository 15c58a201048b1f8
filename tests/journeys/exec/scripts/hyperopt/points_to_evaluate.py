from hyperopt import fmin, hp, rand, space_eval

space = {"x": hp.uniform("x", -10, 10), "kind": hp.choice("kind", ["a", "b", "c"])}
known = [{"x": 0.0, "kind": 2}, {"x": 1.0, "kind": 0}]

seen = []


def fn(params):
    seen.append(dict(params))
    return params["x"] ** 2 + (0 if params["kind"] == "c" else 1)


best = fmin(fn, space, algo=rand.suggest, max_evals=12, points_to_evaluate=known)
print(best, space_eval(space, best))

# The known points come on top of max_evals.
assert len(seen) == 14
assert seen[0] == {"x": 0.0, "kind": "c"}
assert seen[1] == {"x": 1.0, "kind": "a"}
assert best == {"x": 0.0, "kind": 2}
