# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that have to be answered."""

from request_case import HOST, NAME, ask, chunked, get, post, valid

FRAMING = 'RFC 9112 6: "Request message framing is independent of method semantics."'
NOT_IMPLEMENTED = ('RFC 9110 9.1: "The method token is case-sensitive", and one that "is unrecognized '
                   'or not implemented" is answered by an error, not taken for a malformed request')
# Why we differ from nginx.
CAPITALS = "nginx knows capitals only, takes it for malformed and ends the connection"
TABS = "nginx does not take HTAB for white space around a value"

TARGET_OF_8000 = "/?" + "a" * (8000 - len("GET /? HTTP/1.1"))

METHODS = [
    valid("get", "RFC 9110 9.3.1", get()),
    valid("head", 'RFC 9110 9.3.2: "the server MUST NOT send content in the response"',
          ask("HEAD / HTTP/1.1")),
    valid("head-of-what-is-not-there", "RFC 9110 9.3.2", ask("HEAD /absent HTTP/1.1"), 404),
    valid("options-of-the-server", "RFC 9112 3.2.4: asterisk-form is used for a server-wide OPTIONS",
          ask("OPTIONS * HTTP/1.1"), 204, why="nginx takes the target for a malformed one"),
    valid("options-of-a-resource", "RFC 9110 9.3.7", ask("OPTIONS / HTTP/1.1"), 204,
          why="nginx does not implement the method"),
    valid("post-where-nothing-is-posted", "RFC 9110 15.5.6", post("Content-Length: 5", body="hello"),
          405),
    valid("put", "RFC 9110 15.5.6", ask("PUT / HTTP/1.1", "Content-Length: 5", body="hello"), 405),
    valid("delete", "RFC 9110 15.5.6", ask("DELETE / HTTP/1.1"), 405),
    valid("trace", "RFC 9110 15.5.6", ask("TRACE / HTTP/1.1"), 405,
          why="nginx ends the connection, which nothing asks for"),
    valid("method-that-nobody-knows", NOT_IMPLEMENTED, ask("FROB / HTTP/1.1"), 405),
    valid("method-in-lower-case", NOT_IMPLEMENTED, ask("get / HTTP/1.1"), 405,
          why=CAPITALS),
    valid("method-of-odd-characters", "RFC 9112 3.1: method = token", ask("M-0!#$%&'*+.^_`|~ / HTTP/1.1"),
          405, why=CAPITALS),
]

TARGETS = [
    valid("target-that-is-not-there", "RFC 9110 15.5.5", ask("GET /absent HTTP/1.1"), 404),
    valid("target-with-a-query", "RFC 9112 3.2.1", ask("GET /?a=/?:@!$&'()*+,;=%20-._~ HTTP/1.1")),
    valid("target-with-an-empty-query", "RFC 9112 3.2.1", ask("GET /? HTTP/1.1")),
    valid("target-with-escapes", 'RFC 3986 2.1: "%" HEXDIG HEXDIG', ask("GET /%69ndex%2Ehtml HTTP/1.1")),
    valid("target-of-a-directory", "RFC 9110 15.4.2", ask("GET /public HTTP/1.1"), 301),
    valid("absolute-form", 'RFC 9112 3.2.2: "A server MUST accept the absolute-form in requests"',
          ask(f"GET http://{NAME}/ HTTP/1.1")),
    valid("absolute-form-without-a-path", "RFC 9110 4.2.3: an empty path is the path /",
          ask(f"GET http://{NAME} HTTP/1.1")),
    valid("absolute-form-of-https", "RFC 9110 7.4: TLS may have ended at a gateway before us",
          ask(f"GET https://{NAME}/ HTTP/1.1")),
    valid("absolute-form-in-capitals", 'RFC 9110 4.2.3: "The scheme and host are case-insensitive"',
          ask(f"GET HTTP://{NAME.upper()}/ HTTP/1.1")),
    valid("absolute-form-before-host", 'RFC 9112 3.2.2: "the origin server MUST ignore the received '
          'Host header field (if any) and instead use the host information of the request-target"',
          ask(f"GET http://{NAME}/ HTTP/1.1", host="Host: other.verona.test")),
    valid("absolute-form-of-somebody-else", "RFC 9110 15.5.20, and RFC 9112 3.2.2 as above",
          ask("GET http://other.verona.test/ HTTP/1.1"), 421),
    valid("request-line-of-8000-octets", 'RFC 9112 3: "It is RECOMMENDED that all HTTP senders and '
          'recipients support, at a minimum, request-line lengths of 8000 octets."',
          ask(f"GET {TARGET_OF_8000} HTTP/1.1")),
    valid("empty-line-first", 'RFC 9112 2.2: "a server that is expecting to receive and parse a '
          'request-line SHOULD ignore at least one empty line (CRLF) received prior to the request-line"',
          b"\r\n" + get()),
]

FIELDS = [
    valid("field-name-in-any-case", 'RFC 9112 5: "a case-insensitive field name"',
          get(host=f"hOsT: {NAME}")),
    valid("field-name-of-odd-characters", "RFC 9110 5.1: field-name = token", get("!#$%&'*+-.^_`|~0a: x")),
    valid("no-space-behind-the-colon", "RFC 9112 5: OWS is optional", get(host=f"Host:{NAME}")),
    valid("white-space-around-a-value", 'RFC 9112 5.1: OWS "is excluded by parsers"',
          get(host=f"Host: \t {NAME}\t \t"), why=TABS),
    valid("tab-in-a-value", "RFC 9110 5.5: HTAB is field-content", get("X-Text: a\tb")),
    valid("empty-value", "RFC 9110 5.5: field-value = *field-content", get("X-Empty:", "X-Blank: \t")),
    valid("value-of-obs-text", 'RFC 9110 5.5: "A recipient SHOULD treat other allowed octets in field '
          'content (i.e., obs-text) as opaque data."', get("X-Text: \x80\xe9\xff")),
    valid("one-field-on-two-lines", "RFC 9110 5.3: lists may be sent as several lines",
          get("Accept: text/html", "Accept: */*", "Cookie: a=1", "Cookie: b=2")),
    valid("host-in-capitals", "RFC 9110 4.2.3", get(host=f"Host: {NAME.upper()}")),
    valid("host-with-a-port", 'RFC 9110 7.2: Host = uri-host [ ":" port ]', get(host=f"{HOST}:8070")),
    valid("host-with-an-empty-port", "RFC 3986 3.2.3: port = *DIGIT", get(host=f"{HOST}:")),
    valid("host-with-the-dot-of-the-root", "RFC 3986 3.2.2", get(host=f"{HOST}.")),
    valid("host-of-somebody-else", "RFC 9110 15.5.20", get(host="Host: other.verona.test"), 421),
    valid("ninety-fields", "RFC 9110 5.4: there is no limit that would forbid them",
          get(*(f"X-{number}: {number}" for number in range(90)))),
    valid("head-of-15-kilobytes", "RFC 9110 5.4",
          get(*(f"X-{number}: " + "v" * 1500 for number in range(10)))),
    valid("upgrade-that-is-not-taken", 'RFC 9110 7.8: "A server MAY ignore a received Upgrade header '
          'field"',
          get("Connection: upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQ")),
    valid("trailers-are-welcome", "RFC 9110 10.1.4", get("TE: trailers", "Connection: TE")),
]

CONNECTIONS = [
    valid("connection-close", 'RFC 9112 9.3: "If the "close" connection option is present (Section 9.6), '
          'the connection will not persist after the current response"', get("Connection: close"),
          keeps=False),
    valid("connection-close-among-others", "RFC 9110 7.6.1: a list, case-insensitive",
          get("Connection: keep-alive, , CLOSE"), keeps=False),
    valid("connection-with-unknown-options", "RFC 9110 7.6.1", get("Connection: X-Hop,keep-alive")),
    valid("http-1.0", 'RFC 9112 9.3: "The connection will close after the current response."',
          ask("GET / HTTP/1.0"), keeps=False),
    valid("http-1.0-that-stays", 'RFC 9112 9.3: "the "keep-alive" connection option is present"',
          ask("GET / HTTP/1.0", "Connection: Keep-Alive")),
    valid("http-1.0-with-content", "RFC 9112 6.3",
          ask("POST / HTTP/1.0", "Content-Length: 5", "Connection: keep-alive", body="hello"), 405),
    valid("http-1.0-without-host", 'RFC 9112 3.3: without an authority "the server can reject the request '
          'or determine whether a configured default applies": here none does',
          ask("GET / HTTP/1.0", host=""), 400, keeps=False),
    valid("pipeline-of-three", 'RFC 9112 9.3.2: "it MUST send the corresponding responses in the same '
          'order that the requests were received"',
          get() + ask("HEAD /absent HTTP/1.1") + ask("GET /absent HTTP/1.1"), 200, 404, 404,
          methods=("GET", "HEAD", "GET")),
    valid("pipeline-with-content", 'RFC 9112 9.3: "A server MUST read the entire request message body or '
          'close the connection"', get("Content-Length: 5", body="hello") + get() +
          chunked("5\r\nhello\r\n0\r\n\r\n") + post("Content-Length: 0"), 200, 200, 200, 405,
          methods=("GET", "GET", "GET", "POST")),
    valid("pipeline-that-is-closed", "RFC 9112 9.6: nothing behind a close is a request",
          get() + get("Connection: close") + get(), 200, 200, methods=("GET", "GET"), keeps=False),
    valid("client-that-ends-its-half", "RFC 9112 9.6: half-closed is not gone", get(), ends=True,
          keeps=False),
    valid("pipeline-whose-client-ends-its-half", "RFC 9112 9.3.2, 9.6",
          get() + ask("HEAD / HTTP/1.1") + get(), 200, 200, 200, methods=("GET", "HEAD", "GET"), ends=True,
          keeps=False),
]

EXPECTATIONS = [
    valid("expect-continue", 'RFC 9110 10.1.1: an origin server MUST send either "an immediate response '
          'with a final status code" or "an immediate 100 (Continue) response"',
          get("Expect: 100-continue", "Content-Length: 5"), then=b"hello", keeps=False,
          why="the answer does not depend on the content, so it is given at once and said to be the last; "
          "nginx asks for content that it throws away"),
    valid("expect-continue-in-chunks", "RFC 9110 10.1.1, as above",
          ask("POST / HTTP/1.1", "expect: 100-Continue", "Transfer-Encoding: chunked"), 405,
          then=b"5\r\nhello\r\n0\r\n\r\n", keeps=False, why="as above"),
    valid("expect-continue-with-content", 'RFC 9110 10.1.1: a server "MAY omit sending a 100 (Continue) '
          'response if it has already received some or all of the content"',
          get("Expect: 100-continue", "Content-Length: 5", body="hello")),
    valid("expect-continue-without-content", 'RFC 9110 10.1.1: or "if the framing indicates that there '
          'is no content"', get("Expect: 100-continue")),
    valid("expect-continue-in-http-1.0", 'RFC 9110 10.1.1: "A server that receives a 100-continue '
          'expectation in an HTTP/1.0 request MUST ignore that expectation."',
          ask("GET / HTTP/1.0", "Expect: 100-continue", "Content-Length: 5", "Connection: keep-alive",
              body="hello")),
]

CONTENT = [
    valid("length", FRAMING, get("Content-Length: 5", body="hello")),
    valid("length-of-nothing", FRAMING, get("Content-Length: 0")),
    valid("length-with-leading-zeros", "RFC 9110 8.6: Content-Length = 1*DIGIT",
          get("Content-Length: 0005", body="hello")),
    valid("head-with-content", FRAMING, ask("HEAD / HTTP/1.1", "Content-Length: 5", body="hello")),
    valid("content-that-looks-like-a-request", FRAMING,
          get(f"Content-Length: {len(get())}", body=get().decode())),
    valid("chunk", 'RFC 9112 7.1: "A recipient MUST be able to parse and decode the chunked transfer '
          'coding."', chunked("5\r\nhello\r\n0\r\n\r\n")),
    valid("chunks", "RFC 9112 7.1", chunked("2\r\nhe\r\n1\r\nl\r\n2\r\nlo\r\n0\r\n\r\n", "POST"), 405),
    valid("chunks-of-nothing", "RFC 9112 7.1: *chunk", chunked("0\r\n\r\n")),
    valid("chunk-that-looks-like-the-last", "RFC 9112 7.1: chunk-data is any octets",
          chunked("5\r\n0\r\n\r\n\r\n0\r\n\r\n")),
    valid("chunk-that-looks-like-a-request", FRAMING,
          chunked(f"{len(get()):x}\r\n{get().decode()}\r\n0\r\n\r\n")),
    valid("chunk-size-in-lower-case", "RFC 9112 7.1: HEXDIG",
          chunked("1a\r\n" + "a" * 26 + "\r\n0\r\n\r\n")),
    valid("chunk-size-in-capitals", "RFC 9112 7.1: HEXDIG",
          chunked("1A\r\n" + "a" * 26 + "\r\n0\r\n\r\n")),
    valid("chunk-size-with-zeros", "RFC 9112 7.1: chunk-size = 1*HEXDIG",
          chunked("0005\r\nhello\r\n000\r\n\r\n")),
    valid("chunk-size-with-many-zeros", "RFC 9112 7.1: chunk-size = 1*HEXDIG",
          chunked("0" * 40 + "5\r\nhello\r\n" + "0" * 40 + "\r\n\r\n")),
    valid("chunk-extension", 'RFC 9112 7.1.1: "A recipient MUST ignore unrecognized chunk extensions."',
          chunked("5;a\r\nhello\r\n0;b\r\n\r\n")),
    valid("chunk-extension-with-a-value", "RFC 9112 7.1.1", chunked("5;a=b;c=d\r\nhello\r\n0\r\n\r\n")),
    valid("chunk-extension-in-quotes", "RFC 9112 7.1.1: chunk-ext-val = token / quoted-string",
          chunked('5;a="; \\" b";c\r\nhello\r\n0\r\n\r\n')),
    valid("chunk-extension-with-spaces", 'RFC 9112 7.1.1: BWS ";" BWS',
          chunked("5 ; a = b\r\nhello\r\n0\t;\tc\r\n\r\n")),
    valid("trailers", "RFC 9112 7.1.2", chunked("5\r\nhello\r\n0\r\nX-Sum: 1\r\nX-Empty:\r\n\r\n")),
    valid("trailers-that-would-frame", "RFC 9110 6.5.1: framing fields are no trailers",
          chunked("5\r\nhello\r\n0\r\nContent-Length: 99\r\nTransfer-Encoding: x\r\n\r\n")),
    valid("chunked-in-capitals", 'RFC 9112 7: "All transfer-coding names are case-insensitive"',
          get("Transfer-Encoding: Chunked", body="5\r\nhello\r\n0\r\n\r\n")),
    valid("chunked-with-white-space", "RFC 9112 5: OWS",
          get("Transfer-Encoding:\tchunked \t", body="5\r\nhello\r\n0\r\n\r\n"), why=TABS),
]

REPRESENTATIONS = [
    valid("not-modified", "RFC 9110 13.1.2; 15.4.5: a 304 cannot contain content",
          get("If-None-Match: *"), 304),
    valid("not-modified-head", "RFC 9110 15.4.5", ask("HEAD / HTTP/1.1", "If-None-Match: *"), 304),
    valid("range", "RFC 9110 14.2, 15.3.7.1", get("Range: bytes=0-4"), 206),
    valid("range-that-is-not-there", "RFC 9110 15.5.17", get("Range: bytes=5000-"), 416),
    valid("range-of-an-unknown-unit", 'RFC 9110 14.2: "An origin server MUST ignore a Range header field '
          'that contains a range unit it does not understand."', get("Range: lines=0-4")),
    valid("range-of-a-head", 'RFC 9110 14.2: "A server MUST ignore a Range header field received with a '
          'request method that is unrecognized or for which range handling is not defined."',
          ask("HEAD / HTTP/1.1", "Range: bytes=0-4"), why="nginx answers 206"),
]

VALID_REQUESTS = [*METHODS, *TARGETS, *FIELDS, *CONNECTIONS, *EXPECTATIONS, *CONTENT, *REPRESENTATIONS]
