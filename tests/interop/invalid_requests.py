# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that have to be refused, those that we refuse although a server may be lenient, and those
whose client goes away in the middle."""

from request_case import HOST, NAME, ask, chunked, cut, get, invalid, octets, post, strict

GRAMMAR = ('RFC 9112 2.2: "a sequence of octets that does not match the HTTP-message grammar aside from '
           'the robustness exceptions": "SHOULD respond with a 400 (Bad Request) response and close the '
           'connection"')
BARE_CR = ('RFC 9112 2.2: "A recipient of such a bare CR MUST consider that element to be invalid or '
           'replace each bare CR with SP"')
BARE_LF = 'RFC 9112 2.2: "a recipient MAY recognize a single LF as a line terminator"'
BAD_LINE = ('RFC 9112 3.2: "Recipients of an invalid request-line SHOULD respond with either a 400 (Bad '
            'Request) error or a 301 (Moved Permanently) redirect"')
ONE_HOST = ('RFC 9112 3.2: "A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 '
            'request message that lacks a Host header field and to any request message that contains more '
            'than one Host header field line or a Host header field with an invalid field value."')
NO_SPACE = ('RFC 9112 5.1: "A server MUST reject, with a response status code of 400 (Bad Request), any '
            'received request message that contains whitespace between a header field name and colon."')
BAD_VALUE = ('RFC 9110 5.5: "a recipient of CR, LF, or NUL within a field value MUST either reject the '
             'message or replace each of those characters with SP"')
BAD_LENGTH = ('RFC 9112 6.3: "invalid Content-Length": "the server MUST respond with a 400 (Bad Request) '
              'status code and then close the connection"')
NOT_LAST = ('RFC 9112 6.3: where chunked "is not the final encoding": "the server MUST respond with the '
            '400 (Bad Request) status code and then close the connection"')
UNKNOWN_CODING = ('RFC 9112 6.1: "A server that receives a request message with a transfer coding it does '
                  'not understand SHOULD respond with 501 (Not Implemented)."')
TOO_LARGE = ('RFC 9110 5.4: "A server that receives a request header field line, field value, or set of '
             'fields larger than it wishes to process MUST respond with an appropriate 4xx"')
CHUNK = "RFC 9112 7.1: chunk-size [ chunk-ext ] CRLF chunk-data CRLF"
OVERFLOW = ('RFC 9112 7.1: "recipients MUST anticipate potentially large hexadecimal numerals and prevent '
            'parsing errors due to integer conversion overflows"')
INCOMPLETE = ('RFC 9112 8: "A server that receives an incomplete request message [...] MAY send an error '
              'response prior to closing the connection."')

# Why we refuse what others repair: requests are smuggled between two readers that repair differently.
ONE_READING = "nothing unusual is repaired"


def line(request_line):
    return octets(f"{request_line}\r\n{HOST}\r\n\r\n")


REQUEST_LINES = [
    invalid("line-without-a-version", "RFC 9112 3: HTTP-version is not optional", b"GET /\r\n"),
    invalid("line-without-a-version-but-with-fields", "RFC 9112 3, as above", line("GET /")),
    invalid("version-0.9", "RFC 9110 15.6.6", line("GET / HTTP/0.9"), 505),
    invalid("version-2.0", "RFC 9110 15.6.6", line("GET / HTTP/2.0"), 505),
    invalid("version-9.9", "RFC 9110 15.6.6", line("GET / HTTP/9.9"), 505),
    strict("version-1.9", 'RFC 9110 6.2: a higher minor version: "SHOULD process the message as if it '
           'were in the highest minor version within that major version"', line("GET / HTTP/1.9"), 505,
           why=f"there is no such version, and not everybody would frame it as 1.1: {ONE_READING}"),
    invalid("version-of-three-digits", "RFC 9112 2.3: DIGIT \".\" DIGIT", line("GET / HTTP/1.10")),
    invalid("version-in-lower-case", 'RFC 9112 2.3: "HTTP-version is case-sensitive."',
            line("GET / http/1.1")),
    invalid("version-of-another-protocol", "RFC 9112 2.3: HTTP-name", line("GET / HTP/1.1")),
    invalid("version-with-words-behind", BAD_LINE, line("GET / HTTP/1.1 x")),
    invalid("http-2-preface", "RFC 9113 3.4: not for a server of HTTP/1.1",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    invalid("tls-hello", GRAMMAR, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(32)),
    invalid("response", 'RFC 9112 2.1: "a response is interpreted as an unknown or invalid request '
            'method"', b"HTTP/1.1 200 OK\r\n\r\n"),
    strict("three-empty-lines-first", 'RFC 9112 2.2: "at least one empty line"', b"\r\n\r\n\r\n" + get(),
           why="there is no end to patience, so there is a bound: two"),
    strict("space-behind-the-version", 'RFC 9112 3: recipients MAY ignore "trailing whitespace"',
           line("GET / HTTP/1.1 "), why=ONE_READING),
    strict("two-spaces-before-the-target", "RFC 9112 3: a single SP; others MAY be accepted",
           line("GET  / HTTP/1.1"), why=ONE_READING),
    strict("two-spaces-before-the-version", "RFC 9112 3, as above", line("GET /  HTTP/1.1"),
           why=ONE_READING),
    strict("tabs-between-the-words", "RFC 9112 3, as above", line("GET\t/\tHTTP/1.1"), why=ONE_READING),
    strict("space-first", 'RFC 9112 3: recipients MAY ignore "preceding [...] whitespace"',
           line(" GET / HTTP/1.1"), why=ONE_READING),
    invalid("no-method", "RFC 9112 3", line("/ HTTP/1.1")),
    invalid("method-that-is-no-token", "RFC 9112 3.1: method = token", line("GE(T / HTTP/1.1")),
    invalid("method-with-nul", "RFC 9112 3.1", line("GE\0T / HTTP/1.1")),
    invalid("method-with-obs-text", "RFC 9112 3.1", line("G\xc9T / HTTP/1.1")),
    invalid("method-longer-than-any", 'RFC 9112 3: "A server that receives a method longer than any that '
            'it implements SHOULD respond with a 501 (Not Implemented) status code."',
            line("M" * 300 + " / HTTP/1.1"), 501),
    invalid("no-target", BAD_LINE, line("GET HTTP/1.1")),
    invalid("empty-target", BAD_LINE, line("GET  HTTP/1.1")),
    invalid("space-in-the-target", 'RFC 9112 3.2: "No whitespace is allowed in the request-target."',
            line("GET /a b HTTP/1.1")),
    invalid("target-without-a-slash", "RFC 9112 3.2.1: absolute-path", line("GET index.html HTTP/1.1")),
    invalid("target-with-a-fragment", "RFC 9112 3.2.1: a fragment has no place in it",
            line("GET /#top HTTP/1.1")),
    invalid("target-with-nul", "RFC 3986 2", line("GET /\0 HTTP/1.1")),
    invalid("target-with-obs-text", "RFC 3986 2: all else is percent-encoded", line("GET /\xe9 HTTP/1.1")),
    invalid("target-with-a-broken-escape", "RFC 3986 2.1", line("GET /%zz HTTP/1.1")),
    invalid("target-with-a-control", "RFC 3986 2", line("GET /\x01 HTTP/1.1")),
    invalid("target-of-asterisk-form", "RFC 9112 3.2.4: for OPTIONS only", line("GET * HTTP/1.1")),
    invalid("target-of-authority-form", "RFC 9112 3.2.3: for CONNECT only",
            line(f"GET {NAME}:80 HTTP/1.1")),
    invalid("target-with-userinfo", 'RFC 9110 4.2.4: "treat its presence as an error"',
            line(f"GET http://juliet@{NAME}/ HTTP/1.1")),
    invalid("target-without-a-host", 'RFC 9110 4.2.1: empty host: "MUST reject it as invalid"',
            line("GET http:///index.html HTTP/1.1")),
    invalid("target-of-another-scheme", "RFC 9110 7.4: not what this origin serves",
            line(f"GET ftp://{NAME}/ HTTP/1.1")),
    invalid("target-too-long", 'RFC 9112 3: "A server that receives a request-target longer than any URI '
            'it wishes to parse MUST respond with a 414 (URI Too Long) status code"',
            line("GET /" + "a" * 9000 + " HTTP/1.1"), 414),
    invalid("connect", 'RFC 9110 9.3.6: "most origin servers do not implement CONNECT"',
            line(f"CONNECT {NAME}:443 HTTP/1.1"), 501),
    invalid("second-of-a-pipeline", GRAMMAR, get() + line("GET / HTTP/1.1x"), 200, 400,
            methods=("GET", "GET")),
]

HOSTS = [
    invalid("no-host", ONE_HOST, get(host="")),
    invalid("no-host-with-absolute-form", ONE_HOST, ask(f"GET http://{NAME}/ HTTP/1.1", host="")),
    invalid("no-host-of-a-head", f"{ONE_HOST} RFC 9110 9.3.2: no content",
            ask("HEAD / HTTP/1.1", host="")),
    invalid("two-hosts", ONE_HOST, get("Host: other.verona.test")),
    invalid("two-hosts-that-agree", ONE_HOST, get(HOST)),
    invalid("two-hosts-in-http-1.0", ONE_HOST, ask("GET / HTTP/1.0", HOST)),
    invalid("host-that-is-empty", 'RFC 9110 4.2.1: "MUST reject it as invalid"', get(host="Host:")),
] + [invalid(f"host-with-{what}", ONE_HOST, get(host=f"Host: {value}")) for what, value in (
    ("a-space", f"{NAME} x"), ("a-path", f"{NAME}/"), ("a-scheme", f"http://{NAME}"),
    ("userinfo", f"juliet@{NAME}"), ("a-list", f"{NAME}, {NAME}"), ("a-port-in-words", f"{NAME}:http"),
    ("two-ports", f"{NAME}:80:80"), ("an-open-bracket", "[::1"), ("obs-text", "v\xe9rona.test"),
    ("nul", f"{NAME}\0"))]

FIELDS = [
    invalid("space-before-the-colon", NO_SPACE, get("X-Text : x")),
    invalid("tab-before-the-colon", NO_SPACE, get("X-Text\t: x")),
    invalid("space-before-the-colon-of-host", NO_SPACE, get(host=f"Host : {NAME}")),
    invalid("space-in-a-name", "RFC 9110 5.1: field-name = token", get("X Text: x")),
    invalid("no-colon", GRAMMAR, get("X-Text")),
    invalid("no-name", GRAMMAR, get(": x")),
    invalid("name-that-is-no-token", "RFC 9110 5.1: field-name = token", get("X(Text): x")),
    invalid("name-with-obs-text", "RFC 9110 5.1", get("X-T\xe9xt: x")),
    invalid("name-with-nul", "RFC 9110 5.1", get("X-T\0xt: x")),
    invalid("value-with-nul", BAD_VALUE, get("X-Text: a\0b")),
    invalid("value-with-cr", BARE_CR, get("X-Text: a\rb")),
    invalid("value-ended-by-two-cr", BARE_CR, get("X-Text: a\r")),
    strict("value-with-a-control", 'RFC 9110 5.5: "other CTL characters are also invalid; however, '
           'recipients MAY retain such characters"', get("X-Text: a\x01b"), why=ONE_READING),
    strict("value-with-del", "RFC 9110 5.5, as above", get("X-Text: a\x7fb"), why=ONE_READING),
    strict("space-before-the-first-name", 'RFC 9112 2.2: "MUST either reject the message as invalid or '
           'consume each whitespace-preceded line"', ask("GET / HTTP/1.1", host=f" {HOST}"),
           why=ONE_READING),
    strict("folded-value", 'RFC 9112 5.2: "MUST either reject the message by sending a 400 (Bad Request)" '
           'or replace the fold', get("X-Text: a", " b"), why=ONE_READING),
    strict("folded-host", "RFC 9112 5.2, as above", get(host=f"Host:\r\n {NAME}"), why=ONE_READING),
    strict("line-ended-by-lf", BARE_LF, octets(f"GET / HTTP/1.1\n{HOST}\r\n\r\n"), why=ONE_READING),
    strict("field-ended-by-lf", BARE_LF, octets(f"GET / HTTP/1.1\r\n{HOST}\n\r\n"), why=ONE_READING),
    strict("head-ended-by-lf", BARE_LF, octets(f"GET / HTTP/1.1\r\n{HOST}\r\n\n"), why=ONE_READING),
    strict("all-lines-ended-by-lf", BARE_LF, octets(f"GET / HTTP/1.1\n{HOST}\n\n"), why=ONE_READING),
    invalid("line-ended-by-cr", BARE_CR, octets(f"GET / HTTP/1.1\r{HOST}\r\n\r\n")),
    invalid("all-lines-ended-by-cr", BARE_CR, octets(f"GET / HTTP/1.1\r{HOST}\r\r\n\r\n")),
    invalid("field-too-large", TOO_LARGE, get("X-Text: " + "v" * 20000), 431),
    invalid("fields-too-large", TOO_LARGE, get(*(f"X-{n}: " + "v" * 1500 for n in range(30))), 431),
    strict("three-hundred-fields", TOO_LARGE, get(*(f"X-{n}: {n}" for n in range(300))), 431,
           why="fields are bounded in number too, so that a head stays cheap"),
    strict("expectation-that-is-unknown", 'RFC 9110 10.1.1: "a member other than 100-continue MAY respond '
           'with a 417 (Expectation Failed)"', get("Expect: 200-ok"), 417,
           why="what is expected will not happen, and now the client knows"),
]

LENGTHS = [invalid(f"length-{what}", BAD_LENGTH, get(f"Content-Length: {value}", body="hello"))
           for what, value in (
    ("that-is-negative", "-5"), ("with-a-plus", "+5"), ("that-is-hexadecimal", "0x5"),
    ("in-words", "five"), ("with-words-behind", "5 x"), ("with-a-fraction", "5.0"), ("that-is-empty", ""),
    ("with-a-list", "5, 6"), ("with-minus-nothing", "-0"), ("of-2-to-the-64th", 1 << 64),
    ("that-overflows-to-five", (1 << 64) + 5), ("of-forty-digits", "9" * 40))] + [
    invalid("two-lengths", BAD_LENGTH, get("Content-Length: 5", "Content-Length: 6", body="hello")),
    strict("two-lengths-that-agree", 'RFC 9112 6.3: unless "all values in the list are the same"',
           get("Content-Length: 5", "Content-Length: 5", body="hello"), why=ONE_READING),
    strict("length-twice-in-one-line", "RFC 9112 6.3, as above", get("Content-Length: 5, 5", body="hello"),
           why=ONE_READING),
    invalid("length-too-large", "RFC 9110 15.5.14", post("Content-Length: 99999999999"), 413),
]


def coded(*values, more=(), method="GET", version="1.1"):
    return ask(f"{method} / HTTP/{version}", *(f"Transfer-Encoding: {value}" for value in values), *more,
               body="5\r\nhello\r\n0\r\n\r\n")


CODINGS = [
    strict("chunked-and-length", 'RFC 9112 6.1: "A server MAY reject a request that contains both '
           'Content-Length and Transfer-Encoding"', coded("chunked", more=["Content-Length: 5"]),
           why=ONE_READING),
    strict("length-and-chunked", "RFC 9112 6.1, as above",
           get("Content-Length: 15", "Transfer-Encoding: chunked", body="5\r\nhello\r\n0\r\n\r\n"),
           why=ONE_READING),
    invalid("coding-that-is-unknown", UNKNOWN_CODING, coded("frob, chunked"), 501),
    invalid("coding-gzip", UNKNOWN_CODING, coded("gzip, chunked"), 501),
    invalid("coding-identity", UNKNOWN_CODING, coded("identity"), 501),
    invalid("coding-almost-chunked", UNKNOWN_CODING, coded("xchunked"), 501),
    invalid("chunked-with-a-parameter", 'RFC 9112 7.1: "Their presence SHOULD be treated as an error."',
            coded("chunked;q=1"), 501),
    invalid("chunked-twice", 'RFC 9112 6.1: "A sender MUST NOT apply the chunked transfer coding more '
            'than once"', coded("chunked, chunked")),
    invalid("chunked-on-two-lines", "RFC 9112 6.1, as above", coded("chunked", "chunked")),
    invalid("chunked-that-is-not-the-last", NOT_LAST, coded("chunked, gzip")),
    invalid("chunked-then-identity", NOT_LAST, coded("chunked", "identity")),
    invalid("coding-that-is-empty", "RFC 9112 6.1: transfer-coding is a token", coded("")),
    invalid("coding-in-quotes", "RFC 9112 6.1, as above", coded('"chunked"')),
    invalid("coding-behind-a-vertical-tab", "RFC 9110 5.6.3: OWS is SP and HTAB", coded("\x0bchunked")),
    strict("coding-behind-a-comma", "RFC 9110 5.6.1.2: empty members of a list are ignored",
           coded(",chunked"), 501, why=ONE_READING),
    invalid("coding-in-http-1.0", 'RFC 9112 6.1: "MUST treat the message as if the framing is faulty"',
            coded("chunked", version="1.0", more=["Connection: keep-alive"])),
    invalid("coding-whose-name-has-a-space", NO_SPACE,
            get("Transfer-Encoding : chunked", body="5\r\nhello\r\n0\r\n\r\n")),
]

CHUNKS = [invalid(f"chunk-{what}", clause, chunked(body)) for what, clause, body in (
    ("size-that-is-missing", CHUNK, "\r\nhello\r\n0\r\n\r\n"),
    ("size-in-words", CHUNK, "five\r\nhello\r\n0\r\n\r\n"),
    ("size-that-is-negative", CHUNK, "-5\r\nhello\r\n0\r\n\r\n"),
    ("size-with-0x", CHUNK, "0x5\r\nhello\r\n0\r\n\r\n"),
    ("size-behind-a-space", CHUNK, " 5\r\nhello\r\n0\r\n\r\n"),
    ("size-before-a-space", CHUNK, "5 \r\nhello\r\n0\r\n\r\n"),
    ("size-of-2-to-the-64th", OVERFLOW, "10000000000000000\r\nhello\r\n0\r\n\r\n"),
    ("size-that-overflows-to-five", OVERFLOW, "10000000000000005\r\nhello\r\n0\r\n\r\n"),
    ("size-of-all-bits", OVERFLOW, "ffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
    ("longer-than-its-size", CHUNK, "4\r\nhello\r\n0\r\n\r\n"),
    ("without-an-end", CHUNK, "5\r\nhello0\r\n\r\n"),
    ("ended-by-cr", CHUNK, "5\r\nhello\r0\r\n\r\n"),
    ("extension-with-a-control", "RFC 9112 7.1.1: token / quoted-string",
     "5;a=\x01\r\nhello\r\n0\r\n\r\n"),
    ("extension-with-cr", BARE_CR, "5;a\rb\r\nhello\r\n0\r\n\r\n"),
    ("trailer-without-a-colon", "RFC 9112 7.1.2: field-line", "0\r\nX-Sum\r\n\r\n"),
    ("trailer-with-a-space-before-the-colon", NO_SPACE, "0\r\nX-Sum : 1\r\n\r\n"),
    ("trailer-whose-name-is-no-token", "RFC 9110 5.1: field-name = token", "0\r\nX(Sum: 1\r\n\r\n"),
    ("trailer-with-nul", BAD_VALUE, "0\r\nX-Sum: \0\r\n\r\n"))] + [
    strict("chunk-size-ended-by-lf", BARE_LF, chunked("5\nhello\r\n0\r\n\r\n"), why=ONE_READING),
    strict("chunk-ended-by-lf", BARE_LF, chunked("5\r\nhello\n0\r\n\r\n"), why=ONE_READING),
    strict("chunk-size-ended-by-lf-in-an-extension", BARE_LF, chunked("5;a\nhello\r\n0\r\n\r\n"),
           why=ONE_READING),
    invalid("chunk-extension-too-long", 'RFC 9112 7.1.1: "generate an appropriate 4xx (Client Error) '
            'response if that amount is exceeded"',
            chunked("5;" + "a" * 20000 + "\r\nhello\r\n0\r\n\r\n")),
    invalid("chunk-too-large", "RFC 9110 15.5.14", chunked("7fffffff\r\nhello"), 413),
]

INCOMPLETE_REQUESTS = [
    cut("nothing", "RFC 9112 9.5: a connection may be closed at any time", b""),
    cut("half-a-method", INCOMPLETE, b"GE", 400),
    cut("half-a-request-line", INCOMPLETE, b"GET /index", 400),
    cut("a-request-line", INCOMPLETE, b"GET / HTTP/1.1\r\n", 400),
    cut("half-a-field", INCOMPLETE, b"GET / HTTP/1.1\r\nHost: files.ver", 400),
    cut("all-but-the-empty-line", INCOMPLETE, get()[:-2], 400),
    cut("all-but-the-last-octet", INCOMPLETE, get()[:-1], 400),
    cut("half-a-request-behind-another", INCOMPLETE, get() + get()[:-3], 200, 400, methods=("GET", "GET")),
] + [cut(name, f'RFC 9112 8: incomplete; 6.3: "the recipient MUST consider the message to be incomplete '
         f'and close the connection"', octets, 400) for name, octets in (
    ("half-the-content", get("Content-Length: 10", body="hello")),
    ("no-content", get("Content-Length: 5")),
    ("half-a-chunk", chunked("a\r\nhello")),
    ("half-a-chunk-size", chunked("5")),
    ("no-last-chunk", chunked("5\r\nhello\r\n")),
    ("half-a-trailer", chunked("5\r\nhello\r\n0\r\nX-Su")),
    ("no-end-of-the-trailers", chunked("5\r\nhello\r\n0\r\n")))]

INVALID_REQUESTS = [*REQUEST_LINES, *HOSTS, *FIELDS, *LENGTHS, *CODINGS, *CHUNKS, *INCOMPLETE_REQUESTS]
