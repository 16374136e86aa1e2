from tests.databases import sqlite_engine, sqlite_template, sqlite_url

__all__ = ["sqlite_engine", "sqlite_template", "sqlite_url"]
