"""Plays the scenario with boto3, which speaks AWS JSON 1.1. Arguments: endpoint, region, local fleet's ARN, scenario file."""

import json
import re
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError


def at(value, path):
    for part in path.split("."):
        value = value[int(part)] if isinstance(value, list) and int(part) < len(value) else (
            value.get(part) if isinstance(value, dict) else None)
    return value


def filled(value, saved):
    if isinstance(value, str) and value.startswith("$"):
        return saved[value[1:]]
    if isinstance(value, list):
        return [filled(item, saved) for item in value]
    if isinstance(value, dict):
        return {key: filled(item, saved) for key, item in value.items()}
    return value


def main():
    endpoint, region, local_arn, path = sys.argv[1:]
    client = boto3.client("gamelift", endpoint_url=endpoint, region_name=region, aws_access_key_id="local",
                          aws_secret_access_key="local", config=Config(retries={"total_max_attempts": 1}))
    saved = {"local_arn": local_arn}
    with open(path) as file:
        steps = json.load(file)
    for number, step in enumerate(steps, 1):
        method = getattr(client, re.sub(r"(?<!^)(?=[A-Z])", "_", step["call"]).lower())
        where = f"step {number}, {step['call']}"
        deadline = time.monotonic() + 20
        while True:
            error, answer = None, {}
            try:
                answer = method(**filled(step["input"], saved))
            except ClientError as refused:
                error = refused.response["Error"]["Code"]
            assert error == step.get("error"), f"{where}: {error}"
            if all(at(answer, path) == wanted for path, wanted in step.get("until", {}).items()):
                break
            assert time.monotonic() < deadline, f"{where}: {answer}"
            time.sleep(0.01)
        for path, wanted in step.get("facts", {}).items():
            assert at(answer, path) == wanted, f"{where}: {path} is {at(answer, path)}"
        for name, path in step.get("save", {}).items():
            saved[name] = at(answer, path)
            assert saved[name], f"{where}: no {path}"
    print(f"boto3 {boto3.__version__}: {len(steps)} steps")


main()
