"""Door 1, HTTP: declarations on top of flask-smorest. See chassis/README.md."""

from chassis.http.app import create_app, doors
from chassis.http.fields import AwareDateTime, Fen, Schema, Text, wrong
from chassis.http.marks import PUBLIC, SIGNED_IN, allow, asks, gives, lists, refuses, takes
from chassis.http.openapi import describe
from chassis.http.routes import Blueprint, Undeclared

__all__ = [
    "PUBLIC",
    "SIGNED_IN",
    "AwareDateTime",
    "Blueprint",
    "Fen",
    "Schema",
    "Text",
    "Undeclared",
    "allow",
    "asks",
    "create_app",
    "describe",
    "doors",
    "gives",
    "lists",
    "refuses",
    "takes",
    "wrong",
]
