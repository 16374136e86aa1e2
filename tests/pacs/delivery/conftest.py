"""A hospital with answers to send, and real PACS software to send them to."""

from tests.pacs.delivery.hospitals import hospital, orthanc

__all__ = ["hospital", "orthanc"]
