"""Answers information-flow questions with setools, the library behind seinfoflow.

Usage: questions.py POLICY MAP. Reads one JSON object a line from stdin,
{"all": bool, "exclude": [type, ...], "pairs": [[from, to], ...]}, and writes one a line:
{"paths": [[type, ...] or null, ...], "first": seconds, "seconds": seconds}. The policy
and the map are read once; the first line says how long that took,
and which setools it was.
"""
import json
import sys
import time

import setools


def shortest(analysis, source, target):
    """The types of one shortest path, ends included; None if there is none."""
    for path in analysis.shortest_path(source, target):
        steps = list(path)
        return [str(steps[0].source)] + [str(step.target) for step in steps]
    return None


def say(value):
    print(json.dumps(value), flush=True)


def main():
    begun = time.monotonic()
    policy, perms = setools.SELinuxPolicy(sys.argv[1]), setools.PermissionMap(sys.argv[2])
    say({"version": setools.__version__, "seconds": time.monotonic() - begun})
    analyses = {}
    for line in sys.stdin:
        order = json.loads(line)
        begun = time.monotonic()
        analysis = analyses.get(order["all"])
        if analysis is None:  # booleans: None is all branches, {} the policy's defaults
            analysis = analyses[order["all"]] = setools.InfoFlowAnalysis(
                policy, perms, min_weight=1, exclude=[], booleans=None if order["all"] else {})
        analysis.exclude = order["exclude"] or None
        paths, first = [], None
        for source, target in order["pairs"]:
            paths.append(shortest(analysis, source, target))
            first = first or time.monotonic() - begun
        say({"paths": paths, "first": first, "seconds": time.monotonic() - begun})


main()
