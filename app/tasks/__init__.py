"""Video generation tasks: rules, the mirror, and the way to the upstream."""
