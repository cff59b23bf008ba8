"""Stores for the tests of this folder."""

from tests.s3 import bucket as bucket
