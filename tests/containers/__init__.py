"""The image and the composed services, built and run by podman."""
