"""What a certificate says: its canonical JSON, its digest, and the page a person reads."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fpdf import FPDF, XPos, YPos

from wipe_platform.canonical import canonical_json, sha256_hex, timestamp

METHOD_NAMES = {
    "nist-clear": "NIST SP 800-88 Clear",
    "nist-purge": "NIST SP 800-88 Purge",
    "dod3": "DoD 5220.22-M, three passes",
}


@dataclass(frozen=True)
class Certificate:
    """A statement about one erased device; its canonical bytes are what is signed and stored."""

    id: UUID
    number: str
    tenant_id: UUID
    proof_id: UUID
    proof_sha256: str
    device_serial: str
    method: str
    erased_at: datetime
    issued_at: datetime
    signing_key_id: str

    def canonical(self) -> bytes:
        """The RFC 8785 bytes, byte for byte what the certificates bucket holds."""
        return canonical_json(
            {
                "certificate": str(self.id),
                "number": self.number,
                "tenant_id": str(self.tenant_id),
                "proof_id": str(self.proof_id),
                "proof_sha256": self.proof_sha256,
                "device_serial": self.device_serial,
                "method": self.method,
                "erased_at": timestamp(self.erased_at),
                "issued_at": timestamp(self.issued_at),
                "signing_key_id": self.signing_key_id,
            }
        )

    @property
    def digest(self) -> str:
        """What the signer signs for this certificate."""
        return sha256_hex(self.canonical())

    @property
    def json_key(self) -> str:
        return f"{self.tenant_id}/{self.number}.json"

    @property
    def pdf_key(self) -> str:
        return f"{self.tenant_id}/{self.number}.pdf"


def number_for(sequence: int, issued_at: datetime) -> str:
    """The certificate number a customer quotes."""
    return f"WIPE-{issued_at.year}-{sequence:06d}"


def render_pdf(certificate: Certificate, signature: str) -> bytes:
    """One A4 page with everything needed to verify it by hand; same input, same bytes."""
    page = FPDF(format="A4")
    page.set_creation_date(certificate.issued_at)
    page.set_title(f"Certificate of erasure {certificate.number}")
    page.add_page()
    page.set_font("Helvetica", "B", 20)
    page.cell(0, 14, "Certificate of data erasure", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    lines = {
        "Number": certificate.number,
        "Device serial": certificate.device_serial,
        "Method": METHOD_NAMES[certificate.method],
        "Erased at": timestamp(certificate.erased_at),
        "Issued at": timestamp(certificate.issued_at),
        "Proof": str(certificate.proof_id),
        "Proof SHA-256": certificate.proof_sha256,
        "Certificate SHA-256": certificate.digest,
        "Signing key": certificate.signing_key_id,
        "Signature (Ed25519)": signature,
    }
    for label, value in lines.items():
        page.set_font("Helvetica", "B", 9)
        page.cell(0, 7, label, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        page.set_font("Courier", "", 9)
        page.multi_cell(0, 5, value, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    return bytes(page.output())
