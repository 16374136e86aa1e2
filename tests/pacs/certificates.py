"""Certificates of a site of its own: a CA, and what it has signed for both sides."""

from pathlib import Path

import trustme


def write_certificates(folder: Path, *names: str) -> Path:
    """Write ``ca.pem``, and for each name a certificate with its chain and its key."""
    folder.mkdir(exist_ok=True)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    for name in names:
        issued = authority.issue_cert("127.0.0.1", "localhost", common_name=name)
        issued.private_key_pem.write_to_path(folder / f"{name}.key")
        (folder / f"{name}.pem").write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
    return folder
