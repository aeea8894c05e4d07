"""What notify alone needs: the mail server and the text message provider. A channel without an address is not offered."""

from environs import Env


class Settings:
    def __init__(self):
        env = Env()
        self.public_url = env.str("PUBLIC_URL", "http://127.0.0.1:8080")
        self.smtp_host = env.str("SMTP_HOST", "")
        self.smtp_port = env.int("SMTP_PORT", 587)
        self.smtp_starttls = env.bool("SMTP_STARTTLS", False)
        self.smtp_ca_file = env.str("SMTP_CA_FILE", "")  # where the system's own authorities do not suffice
        self.smtp_user = env.str("SMTP_USER", "")
        self.smtp_password = env.str("SMTP_PASSWORD", "")
        self.mail_from = env.str("MAIL_FROM", "Linli 邻里 <no-reply@linli.example>")
        self.sms_url = env.str("SMS_URL", "")
        self.sms_secret = env.str("SMS_SECRET", "")
        self.sms_receipts_url = env.str("SMS_RECEIPTS_URL", f"{self.public_url}/api/notify/v1/sms-receipts")
        self.send_timeout = env.float("SEND_TIMEOUT", 5.0)  # seconds for one network step

    @property
    def offered(self) -> set[str]:
        """The channels that lead somewhere in this deployment."""
        return {"in_app"} | ({"email"} if self.smtp_host else set()) | ({"sms"} if self.sms_url else set())
