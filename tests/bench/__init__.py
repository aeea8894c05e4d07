"""How fast the platform is, as ratios to a limit or a peer measured in the same run. See README.md."""
