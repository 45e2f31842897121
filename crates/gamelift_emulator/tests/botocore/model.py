"""Writes botocore's service model of GameLift, and which samples match which patterns, as JSON.

Reads `[[pattern, [sample, ...]], ...]` from standard input.
"""

import json
import re
import sys

import botocore
import botocore.loaders

patterns = json.load(sys.stdin)
model = botocore.loaders.Loader().load_service_model("gamelift", "service-2")
shapes = model["shapes"]
for shape in shapes.values():
    shape.pop("documentation", None)
inputs = {name: operation["input"]["shape"] for name, operation in model["operations"].items() if "input" in operation}
errors = {
    name: sorted(error["shape"] for error in operation.get("errors", [])) for name, operation in model["operations"].items()
}
matches = [[re.fullmatch(pattern, sample) is not None for sample in samples] for pattern, samples in patterns]
json.dump(
    {"version": botocore.__version__, "shapes": shapes, "inputs": inputs, "errors": errors, "matches": matches}, sys.stdout
)
