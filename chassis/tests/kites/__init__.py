"""A small made-up service on which the chassis is tried: kites that fly over an estate."""
