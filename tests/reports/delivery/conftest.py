"""The servers that reports are delivered to, and the database that they are about."""

from tests.databases import sqlite_engine, sqlite_template, sqlite_url
from tests.delivery import authority, ca_file, mail_server, other_mail_server, plain_mail_server, webhook

__all__ = [
    "authority",
    "ca_file",
    "mail_server",
    "other_mail_server",
    "plain_mail_server",
    "sqlite_engine",
    "sqlite_template",
    "sqlite_url",
    "webhook",
]
