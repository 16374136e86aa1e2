import pytest
from pydantic import ValidationError

from installation.receiving import ReceivingSettings
from installation.settings import OFF


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"listen": "11112"}, "is no address; accepted are HOST:PORT, such as 0.0.0.0:11112"),
        ({"ae_title": "A TITLE THAT IS TOO LONG"}, "is no AE title"),
        ({"ae_title": "   "}, "is no AE title"),
        ({"stat_ae_title": "XRAY"}, "every film would be STAT"),
        ({"stat_ae_title": "A\\B"}, "is no AE title"),
        ({"allow": "CT1"}, "names no sender"),
        ({"listen_also": "sc"}, "accepted are processing, secondary-capture"),
        ({"listen_seconds": 0}, "greater than or equal to 1"),
        ({"listen_certificate_file": __file__}, "belong together"),
        ({"listen_client_ca_file": __file__}, "it is for TLS"),
    ],
)
def test_what_cannot_be_listened_with_is_refused(settings: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        ReceivingSettings.model_validate(settings)


def test_without_settings_nobody_listens_and_only_this_machine_could_send() -> None:
    settings = ReceivingSettings()
    assert (settings.listen, settings.ae_title, settings.allow) == (OFF, "XRAY", "")
