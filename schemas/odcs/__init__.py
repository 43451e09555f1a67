"""Contracts of published tables in the form of the Open Data Contract Standard (ODCS), version 3."""
