"""Reads JUnit XML from standard input with Python's own parser and prints what it holds as JSON."""

import json
import sys
import xml.etree.ElementTree as tree

root = tree.parse(sys.stdin).getroot()
suites = [
    {
        "file": suite.get("name"),
        "tests": int(suite.get("tests")),
        "failures": int(suite.get("failures")),
        "cases": [
            {
                "class": case.get("classname"),
                "name": case.get("name"),
                "line": int(case.get("line")),
                "failure": getattr(case.find("failure"), "text", None),
            }
            for case in suite.findall("testcase")
        ],
    }
    for suite in root.findall("testsuite")
]
print(json.dumps({"root": root.tag, "tests": int(root.get("tests")), "failures": int(root.get("failures")), "suites": suites}))
