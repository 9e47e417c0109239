#!/usr/bin/python3
"""Validates the golden reports against docs/report.schema.json, and the schema itself.

Every report must pass; every report with one thing spoilt must fail, so that a schema
which forbids nothing does not go unnoticed.
"""

import copy
import glob
import json
import unittest

import jsonschema

TESTDATA = "tests/unit/report/testdata/*.json"


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def members(value, path=()):
    """Yields the path of each member of each object within a report."""
    is_object = isinstance(value, dict)
    if is_object:
        children = value.items()
    else:
        children = enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        if is_object:
            yield (*path, key)
        yield from members(child, (*path, key))


def changed(report, path, change):
    """Returns a copy of `report` in which change(parent, key) was made at `path`."""
    result = copy.deepcopy(report)
    parent = result
    for key in path[:-1]:
        parent = parent[key]
    change(parent, path[-1])
    return result


class SchemaTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        schema = load("docs/report.schema.json")
        jsonschema.Draft202012Validator.check_schema(schema)
        cls.validator = jsonschema.Draft202012Validator(schema)
        cls.reports = {path: load(path) for path in sorted(glob.glob(TESTDATA))}

    def test_there_are_reports(self):
        self.assertGreaterEqual(len(self.reports), 5)

    def test_each_report_is_valid(self):
        for path, report in self.reports.items():
            errors = [error.message for error in self.validator.iter_errors(report)]
            self.assertEqual(errors, [], path)

    def test_a_value_of_another_type_is_refused_wherever_it_stands(self):
        report = self.reports["tests/unit/report/testdata/three_cycle_with_queue.json"]
        for path in members(report):
            spoilt = changed(report, path, lambda parent, key: parent.update({key: None}))
            self.assertFalse(self.validator.is_valid(spoilt), path)

    def test_a_member_that_is_not_documented_is_refused_wherever_it_stands(self):
        report = self.reports["tests/unit/report/testdata/condition_retake.json"]
        for path in members(report):
            if "losses" in path:
                continue  # its members are free
            spoilt = changed(report, path, lambda parent, key: parent.update({"extra": 1}))
            self.assertFalse(self.validator.is_valid(spoilt), path)

    def test_a_lock_named_by_its_address_is_refused(self):
        report = self.reports["tests/unit/report/testdata/two_cycle.json"]
        spoilt = changed(report, ("resources", 0, "name"),
                         lambda parent, key: parent.update({key: "0x7f1000"}))
        self.assertFalse(self.validator.is_valid(spoilt))


if __name__ == "__main__":
    unittest.main()
