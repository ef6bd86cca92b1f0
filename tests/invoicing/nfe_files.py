"""Invoice documents as issuers' programs write them, with a key that fits."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from invoicing.nfe import check_digit

ISSUER = "12ABC34501DE35"
_ITEM = (
    '<det nItem="{n}"><prod><cProd>{code}</cProd><cEAN>{ean}</cEAN><xProd>{name}</xProd>'
    "<qCom>{quantity}</qCom></prod></det>"
)


def a_key(*, number: int, series: int = 1, issuer: str = ISSUER, month: str = "2603") -> str:
    body = f"35{month}{issuer}55{series:03d}{number:09d}112345678"
    return body + check_digit(body)


def a_document(*items: tuple[str, Any], total: str, number: int = 77, **facts: Any) -> bytes:
    """`items` are the issuer's codes with quantities; `facts` replace what the file says."""
    said: dict[str, Any] = {
        "key": a_key(number=number),
        "series": 1,
        "issuer": ISSUER,
        "issued": datetime.fromisoformat("2026-03-02T08:30:00-03:00").isoformat(),
        "kind": 1,
        "ean": "SEM GTIN",
        "head": '<?xml version="1.0" encoding="UTF-8"?>',
    } | facts
    rows = "".join(
        _ITEM.format(n=n, code=code, ean=said["ean"], name=f"Item {code}", quantity=quantity)
        for n, (code, quantity) in enumerate(items, start=1)
    )
    return (
        f'{said["head"]}<nfeProc xmlns="http://www.portalfiscal.inf.br/nfe" versao="4.00"><NFe>'
        f'<infNFe Id="NFe{said["key"]}" versao="4.00"><ide><mod>55</mod>'
        f"<serie>{said['series']}</serie><nNF>{number}</nNF><dhEmi>{said['issued']}</dhEmi>"
        f"<tpNF>{said['kind']}</tpNF></ide><emit><CNPJ>{said['issuer']}</CNPJ></emit>"
        f"<dest><xNome>Filomena Quintanilha</xNome></dest>{rows}"
        f"<total><ICMSTot><vNF>{total}</vNF></ICMSTot></total></infNFe></NFe></nfeProc>"
    ).encode()


_WHOLE = Path(__file__).with_name("whole_nfe.xml").read_text(encoding="utf-8")
_WHOLE_ITEM = Path(__file__).with_name("whole_nfe_item.xml").read_text(encoding="utf-8")


def a_whole_document(*items: tuple[str, int], total: str, number: int = 77) -> bytes:
    """As the tax office sends it back: authorised, with everything that its print shows."""
    rows = "".join(
        _WHOLE_ITEM.format(n=n, code=code, quantity=quantity, price=total)
        for n, (code, quantity) in enumerate(items, start=1)
    )
    facts = {"key": a_key(number=number), "number": number, "issuer": ISSUER, "total": total}
    return _WHOLE.format(rows=rows, **facts).encode()
