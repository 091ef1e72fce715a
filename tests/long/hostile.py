"""What somebody sends who means no good, or whose tool is broken: texts, numbers, days, files, bodies, queries."""

import json
import random
from collections.abc import Callable, Sequence
from urllib.parse import quote_from_bytes

MARK = "<fuzz-mark>"
"""Must come back escaped wherever it comes back at all."""
TEXTS = (
    "a\0b", "\0", "\u202egnp.exe", "\u200f\u200e", "x" * 100_000, "æ" * 10_001, "🙂" * 3000, "👩‍👩‍👧‍👦", "\ud800",
    "a\udfffb",
    "'; DROP TABLE identity_person; --", "' OR '1'='1", '" UNION SELECT 1 --', "%' ESCAPE '", "%_%", "\\", MARK,
    f'">{MARK}', f"'{MARK}", f"</textarea></title>{MARK}", "javascript:alert(1)", "{{7*7}}", "{% include 'x' %}",
    "%(name)s", "%s%n%d", "%", "{0}{label}{}", "{", "${7*7}", "=cmd|' /C calc'!A0", "@SUM(1)", "+1+1", "-1+1", "\t=1",
    "../../../etc/passwd", "..\\..\\x", "/etc/passwd\0.pdf", "file:///etc/passwd", "//evil.example/",
    "/\\evil.example",
    "a\r\nSet-Cookie: x=1", "\r\n\r\n", "\u2028", " ", "\u00a0", "\u200b", "\ufeff", "\uffff", "\x1b[31m", "\x7f",
    "İıſßﬀ",
    "e\u0301" * 50, "\u0301" * 300, "[]", "{}", "null", "true", "None", "undefined", "on", "y", "*", "?", "#", "&",
    ";",
    "KRE-1.1", "KRE-1", "STAR", "ALS", "DEP", "XYZ", "a b", "2026", "system", "again", "demo", "password", "code",
)  # fmt: skip
NUMBERS = (
    "0", "-0", "-1", "1", "2", "7", "40", "2147483647", "2147483648", "9223372036854775808", "9" * 400,
    "-" + "9" * 30,
    "1e400", "1e3", "NaN", "Infinity", "-Infinity", "0x10", "1_000", "١٢٣", "²", "½", "1.000", "1.0000", "1..0",
    "1,5",
    "-1.234.567,89", "12 345,6", "1.234.567.890.123.456,78", "99999999999999,99", ",5", "5,", ",", ".", "-", "+5",
    "--5",
    "1\0", "0" * 5000, "1" * 5000,
)  # fmt: skip
DAYS = (
    "2026-02-30", "31.02.2026", "0000-00-00", "0001-01-01", "9999-12-31", "10000-01-01", "1.1.1", "-1.1.2026",
    "1989-12-31",
    "2100-12-31", "2101-01-01", "2026-13-01", "29.2.2027", "29.2.2028", "01/02/2026", "2026-01-01T00:00:00Z",
    "٢٠٢٦-٠١-٠١",
    "30.6.2026", "1.7.2026", "2026-12-31", "i morgen", "1.1.26", "2026-W01-1", "99999999999-01-01",
)  # fmt: skip
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n%%EOF\n"
HEAD = "area_code,area_da,area_en,process_code,process_da,process_en,subprocess_code,subprocess_da,subprocess_en\n"
CONTENTS = (
    b"", b"\0", b"MZ\x90\0" + b"\0" * 100, PDF + b"x" * 600, PDF, b"PK\x03\x04" + b"\0" * 200,
    b"PK\x05\x06" + b"\0" * 18,
    b"\xff\xfe=\0c\0m\0d\0", b"\xef\xbb\xbf" + HEAD.encode(), (HEAD + "A,=cmd,x,A-1,y,,A-1.1,z,\n").encode(),
    (HEAD + "A,x,x\n").encode(), (HEAD + "A,x,x,A-1,\0,,A-1.1,z,\n").encode(), HEAD.replace(",", ";").encode(),
    b'"' * 5001, b"," * 20_000, b"\n" * 20_000, b"a;b\n1;2\n3;4\n", b"number;amount\n1;1,5\n2;x\n", b"\x80\x81\xfe",
    b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>", b"<svg onload='x'/>",
    b"\x89PNG\r\n\x1a\n" + b"\0" * 600, b"X5O!P%@AP[4\\PZX54(P^)7CC)7}", "æøå;ÆØÅ\n".encode("latin-1"),
)  # fmt: skip
NAMES = (
    "bilag.pdf", "katalog.csv", "katalog.xlsx", "population.csv", "bilag.PDF", "bilag.pdf.exe", "../../bilag.pdf",
    "", ".",
    "..", ".pdf", "a\0.pdf", "\u202efdp.exe", "x" * 300 + ".pdf", "bilag", "æøå 🙂.pdf", f"{MARK}.pdf", "con.pdf",
    "=1.csv",
    "a\r\nb.pdf", 'a".pdf', "a;b.pdf", "\ud800.pdf", "/etc/passwd", "C:\\x\\bilag.pdf", "bilag.xls", "bilag.xlsm",
)  # fmt: skip
SENTENCES = (
    "En grundig begrundelse, som alle kan læse og forstå bagefter.",
    "Kontrollen er udført som beskrevet, uden afvigelser.",
    "Sagerne er gennemgået enkeltvis og stemmer med bogføringen.",
)  # fmt: skip
METHODS = ("HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "PROPFIND", "FUZZ", "get", "POST", "GET")
QUERIES = (
    "sort",
    "order",
    "page",
    "before",
    "after",
    "org",
    "year",
    "q",
    "state",
    "next",
    "since",
    "from",
    "to",
    "lang",
)


def text(chance: random.Random) -> str:
    """A text of any kind."""
    pools: Sequence[Sequence[str]] = (TEXTS, TEXTS, NUMBERS, DAYS, SENTENCES)
    found = chance.choice(chance.choice(pools))
    return found if chance.random() < 0.9 else found + chance.choice(TEXTS)


def encoded(text: str) -> bytes:
    """As bytes on the wire; half a surrogate pair becomes what is no UTF-8."""
    return text.encode("utf-8", "surrogatepass")


def quoted(text: str) -> str:
    """As a part of an address or of a form."""
    return quote_from_bytes(encoded(text), safe="")


def query(chance: random.Random, names: Sequence[str]) -> str:
    """A query string: names that the page knows, with anything behind them; now and then no query at all."""
    if chance.random() < 0.1:
        return chance.choice(("%", "%zz", "&&&", "=", "=1&=2", "a[]=1", "?", "%00", "%ff%fe", "&".join(["a=1"] * 3000)))
    several = [chance.choice([*names, *QUERIES]) for _ in range(chance.randint(1, 4))]
    return "&".join(f"{quoted(name)}={quoted(text(chance))}" for name in several)


Fields = list[tuple[str, str]]
Files = list[tuple[str, str, bytes]]


def mutated(chance: random.Random, fields: Fields) -> Fields:
    """One field or several changed, left out, sent twice, renamed or added."""
    found = list(fields)
    for _ in range(chance.choice((1, 1, 1, 2, 3, len(found) or 1))):
        at = chance.randrange(len(found)) if found else 0
        name = found[at][0] if found else "text"
        turn = chance.random()
        if turn < 0.7 or not found:
            found[at : at + 1] = [(name, text(chance))]
        elif turn < 0.8:
            del found[at]
        elif turn < 0.9:
            found.append((name, chance.choice((found[at][1], text(chance)))))
        else:
            found.append((chance.choice((text(chance)[:50], name + "-0", name + "[]")), text(chance)))
    return found


def form(fields: Fields, files: Files) -> tuple[str, bytes]:
    """Content type and body as a browser sends them."""
    if not files:
        body = "&".join(f"{quoted(name)}={quoted(value)}" for name, value in fields)
        return "application/x-www-form-urlencoded", body.encode()
    parts = [(f'name="{_name(name)}"', encoded(value)) for name, value in fields]
    parts += [(f'name="{_name(field)}"; filename="{_name(name)}"', data) for field, name, data in files]
    body = b"".join(
        b"--odd\r\nContent-Disposition: form-data; " + encoded(head) + b"\r\n\r\n" + data + b"\r\n"
        for head, data in parts
    )
    return "multipart/form-data; boundary=odd", body + b"--odd--\r\n"


def _name(text: str) -> str:
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def files(chance: random.Random, names: Sequence[str]) -> Files:
    """Something in each field for files."""
    sent = [(name, chance.choice(NAMES), chance.choice(CONTENTS)) for name in names]
    return sent * 2 if chance.random() < 0.05 else sent


def wrong(chance: random.Random, kind: str, body: bytes, fields: Fields) -> tuple[str, bytes]:
    """A content type that does not fit its body, or a body that is broken."""
    turns: list[Callable[[], tuple[str, bytes]]] = [
        lambda: ("application/json", json.dumps(dict(fields)).encode()),
        lambda: ("application/json", b"{" * 1000),
        lambda: ("application/xml", b"<a><b>1</b>"),
        lambda: ("text/plain", body),
        lambda: ("", body),
        lambda: ("application/x-www-form-urlencoded; charset=utf-16", body),
        lambda: ("application/x-www-form-urlencoded", body + b"&%ff=%fe&=&%&\xff\xfe=\x00"),
        lambda: ("application/x-www-form-urlencoded", b"&".join([b"a=1"] * 30_000)),
        lambda: ("multipart/form-data", body),
        lambda: ("multipart/form-data; boundary=", body),
        lambda: ("multipart/form-data; boundary=" + "b" * 300, body),
        lambda: ("multipart/form-data; boundary=\x01\x02", body),
        lambda: ("multipart/form-data; boundary=odd", body[: len(body) // 2]),
        lambda: ("multipart/form-data; boundary=odd", b"--odd\r\n\r\n\r\n--odd--"),
        lambda: ("multipart/form-data; boundary=odd", b"--odd\r\nContent-Disposition: form-data\r\n\r\nx\r\n--odd--"),
        lambda: (
            "multipart/form-data; boundary=odd",
            b'--odd\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: text/plain; charset=nothing\r\n\r\n'
            b"\xff\r\n--odd--\r\n",
        ),
        lambda: (kind.replace("form", "\xe6form"), body),
        lambda: (kind, bytes(chance.randrange(256) for _ in range(300))),
    ]  # fmt: skip
    return chance.choice(turns)()


def headers(chance: random.Random) -> dict[str, str]:
    """Headers that no browser sends, as the server hands them on."""
    return chance.choice((
        {"HTTP_ACCEPT_LANGUAGE": chance.choice(("da", "xx", "*", ",,;q=", "en;q=NaN", "da;q=1e400", "\xe6" * 400))},
        {"HTTP_COOKIE": chance.choice(("kontrolrul=x", "kontrolrul=", "=;=", "kontrolrul=.e30.x", "a" * 9000,
            "\xff=\xfe"))},
        {"HTTP_HOST": chance.choice(("evil.example", "", "localhost:99999", "localhost:x", "[::1", "LOCALHOST",
            "\xe6"))},
        {"HTTP_REFERER": chance.choice(("http://localhost/\xe6", "http://[", "javascript:1", "http://localhost:x/",
            "//"))},
        {"HTTP_ORIGIN": chance.choice(("null", "http://[", "http://localhost", "http://localhost:0x1", "\xe6", ""))},
        {"HTTP_USER_AGENT": chance.choice(("", "\xe6\xff", "x" * 9000, MARK, "\x01"))},
        {"HTTP_X_FORWARDED_FOR": chance.choice(("x", "1.2.3.4, \xe6", "")), "HTTP_FORWARDED": "for=_x"},
        {"REMOTE_ADDR": chance.choice(("", "::1", "fe80::1%eth0", "2001:db8::1", "10.0.0.1"))},
        {"HTTP_RANGE": chance.choice(("bytes=0-0", "bytes=9-1", "bytes=-99999999999", "x", "bytes=0-0,1-1"))},
        {"HTTP_IF_NONE_MATCH": chance.choice(("*", '"x', "x" * 5000)), "HTTP_IF_MODIFIED_SINCE": "31 Feb 2026"},
        {"HTTP_SEC_FETCH_SITE": chance.choice(("cross-site", "none", "\xe6", "same-origin"))},
        {"HTTP_EXPECT": "100-continue", "HTTP_TRANSFER_ENCODING": "chunked"},
        {"CONTENT_LENGTH": chance.choice(("", "-1", "x", "99999999999", "1", "1e3", "\xb2"))},
    ))  # fmt: skip
