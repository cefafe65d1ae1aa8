"""Parameters: each location, style and type; right ones reach the handler, wrong ones are named."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from tests.strict.wire import Answer, Connection, request

Versions = Mapping[str, httpx.Client]

NAMES = ("text", "count", "ratio", "flag", "texts", "counts", "colour")

PLAIN = ("blue", "5", "1.5", "true", "blue,black", "1,2")
LABELS = (".blue", ".5", ".1", ".true")
MATRICES = (";text=blue", ";count=5", ";ratio=1.5", ";flag=true")
PATHS: Mapping[str, tuple[str, ...]] = {
    "path_simple": (*PLAIN, "R,100,G,200"),
    "path_simple_exploded": (*PLAIN, "R=100,G=200"),
    "path_label": (*LABELS, ".blue,black", ".1.2", ".R.100.G.200"),
    "path_label_exploded": (*LABELS, ".blue.black", ".1.2", ".R=100.G=200"),
    "path_matrix": (*MATRICES, ";texts=blue,black", ";counts=1,2", ";colour=R,100,G,200"),
    "path_matrix_exploded": (
        *MATRICES,
        ";texts=blue;texts=black",
        ";counts=1;counts=2",
        ";R=100;G=200",
    ),
}
"""By operation: what is sent for each of NAMES, so that the values are those of USUAL."""

USUAL = {
    "text": "blue",
    "count": 5,
    "ratio": 1.5,
    "flag": True,
    "texts": ["blue", "black"],
    "counts": [1, 2],
    "colour": {"R": 100, "G": 200},
}

IN_PATHS: list[tuple[str, str, str, Any]] = [
    ("path_simple", "text", "a%2Cb%20%E2%82%AC+", "a,b €+"),
    ("path_simple", "count", "-5", "count"),
    ("path_simple", "count", "+5", "count"),
    ("path_simple", "count", "1.0", "count"),
    ("path_simple", "count", "1_0", "count"),
    ("path_simple", "count", "%205", "count"),
    ("path_simple", "ratio", "-0.25", -0.25),
    ("path_simple", "ratio", ".5", "ratio"),
    ("path_simple", "flag", "True", "flag"),
    ("path_simple", "texts", "a%2Cb,c", ["a,b", "c"]),
    ("path_simple", "texts", "a,,b", ["a", "", "b"]),
    ("path_simple", "texts", "a", ["a"]),
    ("path_simple", "texts", "a,b,c,d", "texts"),
    ("path_simple", "texts", "a,toolongatext", "texts: element 1"),
    ("path_simple", "counts", "1,x", "counts: element 1"),
    ("path_simple", "counts", "1,1", "counts"),
    ("path_simple", "counts", "1%2C2", "counts: element 0"),
    ("path_simple", "colour", "R,256", "colour: property R"),
    ("path_simple", "colour", "R,1,B,0.5", {"R": 1, "B": 0.5, "G": 7}),
    ("path_simple", "colour", "R,1,X,2", "colour: property X"),
    ("path_simple", "colour", "G,1", "colour"),
    ("path_simple", "colour", "R", "colour"),
    ("path_simple", "colour", "R,1,R,2", "colour"),
    ("path_simple_exploded", "colour", "R=1,B=2", {"R": 1, "B": 2, "G": 7}),
    ("path_simple_exploded", "colour", "R,1", "colour"),
    ("path_simple_exploded", "texts", "a%2Cb,c%3Dd", ["a,b", "c=d"]),
    ("path_label", "text", ".a.b%2Cc", "a.b,c"),
    ("path_label", "text", ".", ""),
    ("path_label", "text", "blue", "text"),
    ("path_label", "count", ".x", "count"),
    ("path_label", "ratio", ".1.5", 1.5),
    ("path_label", "flag", "..true", "flag"),
    ("path_label", "texts", ".a.b", ["a", "b"]),
    ("path_label", "texts", ".a.b,c%2Ed", ["a.b", "c.d"]),
    ("path_label", "texts", ".a%2Cb.c", ["a,b", "c"]),
    ("path_label", "counts", ".1.x", "counts: element 1"),
    ("path_label", "colour", ".R,1,G,2", {"R": 1, "G": 2}),
    ("path_label", "colour", ".R.1.G", "colour"),
    ("path_label_exploded", "texts", ".a.b%2Ec", ["a", "b.c"]),
    ("path_label_exploded", "colour", ".R=1.B=2.5.G=3", {"R": 1, "B": 2.5, "G": 3}),
    ("path_label_exploded", "colour", ".R=1.G=x", "colour: property G"),
    ("path_label_exploded", "colour", ".R.1", "colour"),
    ("path_matrix", "text", ";text", ""),
    ("path_matrix", "text", ";text=", ""),
    ("path_matrix", "text", ";text=a%3Bb=c", "a;b=c"),
    ("path_matrix", "text", ";other=a", "text"),
    ("path_matrix", "text", "blue", "text"),
    ("path_matrix", "count", ";count=x", "count"),
    ("path_matrix", "texts", ";texts=a%2Cb,c", ["a,b", "c"]),
    ("path_matrix", "texts", ";texts=a;texts=b", ["a;texts=b"]),
    ("path_matrix", "colour", ";colour=R,1,G,2", {"R": 1, "G": 2}),
    ("path_matrix", "colour", ";R=1", "colour"),
    ("path_matrix_exploded", "texts", ";texts=a%3Bb;texts=c", ["a;b", "c"]),
    ("path_matrix_exploded", "texts", ";texts=a;other=c", "texts"),
    ("path_matrix_exploded", "counts", ";counts=1;counts=x", "counts: element 1"),
    ("path_matrix_exploded", "colour", ";R=1;G=-1", {"R": 1, "G": -1}),
    ("path_matrix_exploded", "colour", ";colour=R,1", "colour: property colour"),
    ("path_matrix_exploded", "colour", ";R;G=1", "colour: property R"),
]
"""Operation, parameter, what is sent for it, and its value, or where the issue must be."""

SENT: list[tuple[str, str, dict[str, Any]]] = [
    ("query_form", "text=a+b%2Bc", {"text": "a b+c"}),
    ("query_form", "text=", {"text": ""}),
    ("query_form", "text", {"text": ""}),
    ("query_form", "count=5&ratio=2&flag=false", {"count": 5, "ratio": 2.0, "flag": False}),
    ("query_form", "ratio=1.5e-09&count=" + "9" * 30, {"ratio": 1.5e-09, "count": int("9" * 30)}),
    ("query_form", "t%65xt=a", {"text": "a"}),
    ("query_form", "texts=a%2Cb", {"texts": ["a,b"]}),
    ("query_form", "counts=1%2C2%2c3", {"counts": [1, 2, 3]}),
    ("query_form", "colour=R%2C1%2CG%2C2", {"colour": {"R": 1, "G": 2}}),
    ("query_form", "texts=a,b%2Cc", {"texts": ["a", "b,c"]}),
    ("query_form", "texts=", {"texts": [""]}),
    ("query_form", "counts=", {"counts": []}),
    ("query_form", "counts=1,2,-3", {"counts": [1, 2, -3]}),
    ("query_form", "colour=R,1,B,2.5", {"colour": {"R": 1, "B": 2.5, "G": 7}}),
    ("query_form_exploded", "texts=a&texts=b%26c&texts=d,e", {"texts": ["a", "b&c", "d,e"]}),
    ("query_form_exploded", "counts=1&text=x&counts=2", {"counts": [1, 2], "text": "x"}),
    ("query_form_exploded", "R=1&text=x&G=2", {"colour": {"R": 1, "G": 2}, "text": "x"}),
    ("query_form_exploded", "&count=5&&", {"count": 5}),
    ("query_spaceDelimited", "texts=a%20b,c%20d", {"texts": ["a", "b,c", "d"]}),
    ("query_spaceDelimited", "texts=a+b", {"texts": ["a", "b"]}),
    ("query_spaceDelimited", "counts=1%202", {"counts": [1, 2]}),
    ("query_spaceDelimited", "colour=R%20100%20G%20200", {"colour": {"R": 100, "G": 200}}),
    ("query_spaceDelimited", "text=a%20b&count=1", {"text": "a b", "count": 1}),
    ("query_spaceDelimited_exploded", "texts=a%20b&texts=c", {"texts": ["a b", "c"]}),
    ("query_spaceDelimited_exploded", "R=100&G=200", {"colour": {"R": 100, "G": 200}}),
    ("query_pipeDelimited", "texts=a|b%7Cc|d", {"texts": ["a", "b|c", "d"]}),
    ("query_pipeDelimited", "texts=a%7Cb%7cc", {"texts": ["a", "b|c"]}),
    ("query_pipeDelimited", "texts=a%7Cb%7Cc", {"texts": ["a", "b", "c"]}),
    ("query_pipeDelimited", "counts=1|2", {"counts": [1, 2]}),
    ("query_pipeDelimited", "colour=R|100|G|200", {"colour": {"R": 100, "G": 200}}),
    ("query_pipeDelimited", "text=a|b&flag=true", {"text": "a|b", "flag": True}),
    ("query_pipeDelimited_exploded", "texts=a|b&texts=c", {"texts": ["a|b", "c"]}),
    ("query_pipeDelimited_exploded", "R=100&G=200", {"colour": {"R": 100, "G": 200}}),
    ("query_deepObject", "colour[R]=100&colour[G]=200", {"colour": {"R": 100, "G": 200}}),
    ("query_deepObject", "colour%5BR%5D=100", {"colour": {"R": 100, "G": 7}}),
    ("query_deepObject", "page[size]=5", {"page_size": 5}),
    (
        "query_deepObject",
        "filter[name]=a+b&filter[created][gt]=5",
        {"filter": {"name": "a b", "created": {"gt": 5}}},
    ),
    (
        "query_deepObject",
        "filter[tags][]=light&filter[tags][]=dark",
        {"filter": {"tags": ["light", "dark"]}},
    ),
    (
        "query_deepObject",
        "filter[tags][1]=light&filter[tags][0]=dark",
        {"filter": {"tags": ["dark", "light"]}},
    ),
    (
        "query_deepObject",
        "filter[tags]=light&filter[tags]=dark",
        {"filter": {"tags": ["light", "dark"]}},
    ),
    ("query_deepObject", "filter[tags]=light", {"filter": {"tags": ["light"]}}),
    (
        "query_deepObject",
        "filter[points][0][x]=1&filter[points][1][x]=2",
        {"filter": {"points": [{"x": 1}, {"x": 2}]}},
    ),
    (
        "query_deepObject",
        "filter[more][a.b]=true&filter[more][%C3%A9]=false",
        {"filter": {"more": {"a.b": True, "é": False}}},
    ),
    (
        "query_deepObject",
        "filter[within][within][name]=x",
        {"filter": {"within": {"within": {"name": "x"}}}},
    ),
    ("query_deepObject", "filter[tags]=&filter[more]=", {"filter": {"tags": [], "more": {}}}),
    ("query_deepObject", "texts[]=a&texts[]=b", {"texts": ["a", "b"]}),
    ("query_deepObject", "texts[0]=a", {"texts": ["a"]}),
    ("query_deepObject", "texts=a&texts=b", {"texts": ["a", "b"]}),
    ("query_deepObject", "when=5", {"when": 5}),
    ("query_deepObject", "when[gt]=5&when[lt]=6", {"when": {"gt": 5, "lt": 6}}),
    ("composed", "either=10", {"either": 10}),
    ("composed", "either=all", {"either": "all"}),
    ("composed", "any=5", {"any": "5"}),
    ("composed", "any=1000", {"any": 1000}),
    ("composed", "all=3", {"all": 3}),
    (
        "composed",
        "",
        {"limit": 10, "behind": 10, "shades": ["dark"], "page": {"offset": 5}, "all": None},
    ),
    ("composed", "limit=5", {"limit": 5}),
    ("composed", "untyped=007", {"untyped": "007"}),
    ("composed", "listed=2", {"listed": 2}),
    ("composed", "listed=three", {"listed": "three"}),
    ("composed", "maybe=5", {"maybe": 5}),
    ("composed", "maybe=", {"maybe": None}),
    ("composed", "maybe=null", {"maybe": None}),
    ("composed", "one_or_more=a", {"one_or_more": "a"}),
    ("composed", "one_or_more=a&one_or_more=b", {"one_or_more": ["a", "b"]}),
    ("composed", "eithers=10&eithers=none", {"eithers": [10, "none"]}),
    ("composed", "shades=light,dark", {"shades": ["light", "dark"]}),
    ("composed", "nested=%7B%22a%22:1%7D", {"nested": [{"a": 1}]}),
    ("composed", "ids=1&ids=2", {"page": {"ids": [1, 2], "offset": 0}}),
    ("composed", "ids=1&offset=2", {"page": {"ids": [1], "offset": 2}}),
    ("open_form", "limit=1&on=true&a=5&b=6", {"limit": 1, "others": {"on": True, "a": 5, "b": 6}}),
    ("free_form", "a=5&b=x&b=y", {"anything": {"a": "5", "b": ["x", "y"]}}),
    ("emptied", "flag", {"flag": None, "limit": 10, "text": None}),
    (
        "emptied",
        "flag=&limit=&text=&counts=",
        {"flag": None, "limit": 10, "text": "", "counts": []},
    ),
    ("emptied", "flag=true&limit=5&counts=1,2", {"flag": True, "limit": 5, "counts": [1, 2]}),
    ("emptied", "flag&reserved=a/b?c=d:e@f!$'()*;[]", {"reserved": "a/b?c=d:e@f!$'()*;[]"}),
    ("recurring", "list=&deeper[0][0][]=&deeper[1][]=", {"deeper": [[[]], []], "list": [1]}),
    (
        "recurring",
        "list=2&whole[part][part][flag]=true",
        {"whole": {"part": {"part": {"flag": True}}}},
    ),
    ("recurring", "list=2&colour=", {"list": [2], "colour": None}),
    ("recurring", "list=2&whole[part][value]=1", {"whole": {"part": {"value": 1}}, "list": [2]}),
    ("overridden", "id=1&id=2", {"id_query": [1, 2], "id_header": None, "shared": None}),
]
"""Operation, query, and what of the handler's arguments it must give, in either OpenAPI."""

SENT_IN_31: list[tuple[str, str, dict[str, Any]]] = [
    ("composed", "types=true", {"types": True}),
    ("composed", "types=5", {"types": 5}),
    ("composed", "types=05", {"types": "05"}),
    ("composed", "constant=5", {"constant": 5}),
    ("composed", "nothing=", {"nothing": None}),
    ("composed", "nothing=null", {"nothing": None}),
    ("composed", "pair=1&pair=2&pair=true", {"pair": [1, "2", True]}),
    ("composed", "by_pattern=n1,5,x,5", {"by_pattern": {"n1": 5, "x": "5"}}),
    ("composed", "condition=kind,number,value,5", {"condition": {"kind": "number", "value": 5}}),
    ("composed", "condition=kind,text,value,5", {"condition": {"kind": "text", "value": "5"}}),
]

REFUSED: list[tuple[str, str, str]] = [
    *(("query_form", f"count={each}", "count") for each in ("x", "", "+5", "%205", "1_0", "1.0")),
    *(("query_form", f"count={each}", "count") for each in ("0", "%D9%A1", "9" * 5000, "null")),
    *(("query_form", f"ratio={each}", "ratio") for each in ("NaN", "1.", "Infinity", "1e999", "")),
    *(("query_form", f"flag={each}", "flag") for each in ("1", "TRUE", "yes", "")),
    ("query_form", "text=a&text=b", "text"),
    ("query_form", "texts=a&texts=b", "texts"),
    ("query_form", "text=%FF", "text"),
    ("query_form", "texts=a,%FF", "texts"),
    ("query_form", "%FF=a", "%FF"),
    ("query_form", "counts=1,", "counts: element 1"),
    ("query_form", "counts=1%2C2,3", "counts: element 0"),
    ("query_form", "counts=1%2Cx", "counts: element 0"),
    ("query_form", "colour=R,1,G", "colour"),
    ("query_form", "colour=R,1,R,2", "colour: property R"),
    ("query_form", "colour[R]=1", "colour[R]"),
    ("query_form", "R=1", "R"),
    ("query_form_exploded", "colour=R,1", "colour"),
    ("query_form_exploded", "G=1", "colour"),
    ("query_form_exploded", "R=1&R=2", "colour: property R"),
    ("query_form_exploded", "R=256", "colour: property R"),
    ("query_form_exploded", "R=1&X=2", "X"),
    ("query_form_exploded", "texts=a&texts=b&texts=c&texts=d", "texts"),
    ("query_form_exploded", "counts=1&counts=", "counts: element 1"),
    ("query_spaceDelimited", "counts=1,2", "counts: element 0"),
    ("query_spaceDelimited", "counts=1%202&counts=3", "counts"),
    ("query_spaceDelimited", "colour=R%20x", "colour: property R"),
    ("query_pipeDelimited", "counts=1|x", "counts: element 1"),
    ("query_pipeDelimited", "colour=R|1|G", "colour"),
    ("query_deepObject", "colour[R]=x", "colour: property R"),
    ("query_deepObject", "colour[R]=1&colour[X]=1", "colour: property X"),
    ("query_deepObject", "colour[R]=1&colour[R]=2", "colour: property R"),
    ("query_deepObject", "colour=1", "colour"),
    ("query_deepObject", "colour[R]=1&colour=1", "colour"),
    ("query_deepObject", "colour[R", "colour[R"),
    ("query_deepObject", "colour[R]x=1", "colour[R]x"),
    ("query_deepObject", "unknown[R]=1", "unknown[R]"),
    ("query_deepObject", "filter[created][gt]=x", "filter: property created, property gt"),
    ("query_deepObject", "filter[created]=1&filter[created][gt]=1", "filter"),
    ("query_deepObject", "filter[created][gt]=1&filter[created]=1", "filter"),
    ("query_deepObject", "filter[tags][0]=light&filter[tags][2]=dark", "filter: property tags"),
    (
        "query_deepObject",
        "filter[tags][]=light&filter[tags][]=x",
        "filter: property tags, element 1",
    ),
    (
        "query_deepObject",
        "filter[points][0][x]=a",
        "filter: property points, element 0, property x",
    ),
    ("query_deepObject", f"filter{'[within]' * 40}[name]=x", "filter"),
    ("query_deepObject", "when=x", "when"),
    ("query_deepObject", "when=5&when=6", "when"),
    ("query_deepObject", "when=5&when[gt]=6", "when"),
    ("composed", "either=5", "either"),
    ("composed", "either=some", "either"),
    ("composed", "any=1234x", "any"),
    ("composed", "all=2", "all"),
    ("composed", "all=3.5", "all"),
    ("composed", "limit=101", "limit"),
    ("composed", "behind=4", "behind"),
    ("composed", "listed=4", "listed"),
    ("composed", "maybe=x", "maybe"),
    ("composed", "eithers=10&eithers=some", "eithers: element 1"),
    ("composed", "shades=light,bright", "shades: element 1"),
    ("composed", "nested=5", "nested: element 0"),
    ("composed", "nested=%7B%22a%22:%22x%22%7D", "nested: element 0, property a"),
    ("composed", "ids=1&ids=x", "page: property ids, element 1"),
    ("open_form", "a=x", "others: property a"),
    ("open_form", "on=5", "others: property on"),
    ("emptied", "", "flag"),
    ("emptied", "flag=x", "flag"),
    ("emptied", "flag&strict=", "strict"),
    ("recurring", "list=2&never=a", "never"),
    ("recurring", "list=2&R=", "colour: property R"),
    (
        "recurring",
        "list=2&whole[part][part][value]=x",
        "whole: property part, property part, property value",
    ),
    ("recurring", "", "list"),
    ("overridden", "id=x", "id: element 0"),
]
"""Operation, query, and where the issue must be."""

REFUSED_IN_31: list[tuple[str, str, str]] = [
    ("composed", "types=text", "types"),
    ("composed", "constant=6", "constant"),
    ("composed", "nothing=x", "nothing"),
    ("composed", "pair=x", "pair: element 0"),
    ("composed", "pair=1&pair=2&pair=3", "pair: element 2"),
    ("composed", "by_pattern=n1,x", "by_pattern: property n1"),
    ("composed", "condition=kind,number,value,x", "condition: property value"),
]

HEADERS: list[tuple[str, list[str], Any]] = [
    ("header_simple", ["text: a b%20c,d"], {"text": "a b%20c,d"}),
    ("header_simple", ["TEXT: a"], {"text": "a"}),
    ("header_simple", ["text: é"], {"text": "é"}),
    ("header_simple", ["text:"], {"text": ""}),
    (
        "header_simple",
        ["count: 5", "ratio: 1", "flag: true"],
        {"count": 5, "ratio": 1.0, "flag": True},
    ),
    ("header_simple", ["texts: a,b , c"], {"texts": ["a", "b", "c"]}),
    ("header_simple", ["texts: a, b", "Texts: c"], {"texts": ["a", "b", "c"]}),
    ("header_simple", ["counts: 1, 2,, 3"], {"counts": [1, 2, 3]}),
    ("header_simple", ["counts:"], {"counts": []}),
    ("header_simple", ["colour: R, 1, G, 2"], {"colour": {"R": 1, "G": 2}}),
    ("header_simple_exploded", ["colour: R=1,G=2"], {"colour": {"R": 1, "G": 2}}),
    ("header_simple_exploded", ["colour: R=1", "colour: G=2"], {"colour": {"R": 1, "G": 2}}),
    ("header_simple_exploded", ["texts: a=b,c"], {"texts": ["a=b", "c"]}),
    ("header_simple", ["count: x"], "count"),
    ("header_simple", ["count: 0"], "count"),
    ("header_simple", ["count: 1", "Count: 2"], "count"),
    ("header_simple", ["flag: yes"], "flag"),
    ("header_simple", ["counts: 1", "counts: x"], "counts: element 1"),
    ("header_simple", ["colour: R,256"], "colour: property R"),
    ("header_simple", ["colour: R"], "colour"),
    ("header_simple_exploded", ["colour: R,1"], "colour"),
    ("cookie_form", ["Cookie: text=a%20b+c"], {"text": "a b+c"}),
    ("cookie_form", ["Cookie: other=1; text=a; count=5"], {"text": "a", "count": 5}),
    (
        "cookie_form",
        ["Cookie: text=a", "Cookie: count=5;flag=true"],
        {"text": "a", "count": 5, "flag": True},
    ),
    ("cookie_form", ['Cookie: text="a=b"; ratio=2'], {"text": "a=b", "ratio": 2.0}),
    ("cookie_form", ["Cookie: text="], {"text": ""}),
    (
        "cookie_form",
        ["Cookie: texts=a,b%2Cc; counts=1,2"],
        {"texts": ["a", "b,c"], "counts": [1, 2]},
    ),
    ("cookie_form", ["Cookie: colour=R,1,G,2"], {"colour": {"R": 1, "G": 2}}),
    ("cookie_form", ["Cookie: nonsense; =; a"], {"text": None}),
    ("cookie_form", ["Cookie: other=\udcff"], {"text": None}),
    ("cookie_form_exploded", ["Cookie: texts=a&texts=b%26c"], {"texts": ["a", "b&c"]}),
    ("cookie_form_exploded", ["Cookie: texts=a; texts=b&c"], {"texts": ["a", "b&c"]}),
    (
        "cookie_form_exploded",
        ["Cookie: counts=1; count=3", "Cookie: counts=2"],
        {"counts": [1, 2], "count": 3},
    ),
    ("cookie_form_exploded", ["Cookie: R=1&G=2"], {"colour": {"R": 1, "G": 2}}),
    ("cookie_form_exploded", ["Cookie: R=1; G=2; X=3"], {"colour": {"R": 1, "G": 2}}),
    ("cookie_form", ["Cookie: text=a; text=b"], "text"),
    ("cookie_form", ["Cookie: count=x"], "count"),
    ("cookie_form", ["Cookie: Count=5"], {"count": None}),
    ("cookie_form", ["Cookie: text=%FF"], "text"),
    ("cookie_form", ["Cookie: text=\udcff"], "text"),
    ("cookie_form", ["Cookie: counts=1,x"], "counts: element 1"),
    ("cookie_form", ["Cookie: colour=R,x"], "colour: property R"),
    ("cookie_form_exploded", ["Cookie: R=x"], "colour: property R"),
    ("cookie_form_exploded", ["Cookie: counts=1&counts=x"], "counts: element 1"),
    ("header_simple", ["text: \udcff"], "text"),
    (
        "overridden",
        ["ID: true", "Cookie: id=5", "shared: 3"],
        {"id_header": True, "id_cookie": 5, "shared": 3},
    ),
    ("overridden", ["id: 5"], "id"),
    ("ignored", ["Authorization: x", "Accept: */*"], {"X_Trace_Id": None}),
    ("ignored", ["x-trace-id: 5"], {"X_Trace_Id": "5"}),
]
"""Operation, headers, and what it must give, or where the issue must be."""


def ask(api: httpx.Client, target: str, *headers: str, method: str = "GET") -> Answer:
    """What is answered to a target and headers as they stand; a surrogate is an octet."""
    sent = [each.encode("utf-8", "surrogateescape") for each in headers]
    with Connection(f"{api.base_url.host}:{api.base_url.port}") as connection:
        connection.send(request(method, f"/api/parameters/{target}", None, *sent))
        answer = connection.receive()
    assert answer is not None
    return answer


def require(answer: Answer, given: Any) -> None:  # noqa: ANN401 - a subset, or a place
    """The arguments are among those of the handler, or what is wrong is at the place."""
    if isinstance(given, dict):
        assert answer.status == 200, answer.body
        told = answer.json()
        assert {name: told[name] for name in given} == given
    else:
        assert answer.status == 400, answer.body
        issues = [f"{each['parameter']}: {each['detail']}" for each in answer.json()["errors"]]
        assert any(each.startswith(f"{given}: ") for each in issues), issues
        name = given.partition(": ")[0]
        assert {each["parameter"] for each in answer.json()["errors"]} == {name}


@pytest.mark.parametrize("operation", PATHS)
def test_a_path_in_each_style_reaches_the_handler(api: httpx.Client, operation: str) -> None:
    """Every type, side by side."""
    ratio = {"ratio": 1.0} if "label" in operation else {}
    given = {"operation": operation, **USUAL, **ratio}
    require(ask(api, "/".join((operation, *PATHS[operation]))), given)


@pytest.mark.parametrize(("operation", "parameter", "sent", "given"), IN_PATHS)
def test_a_parameter_in_a_path_is_read_in_its_style(
    api: httpx.Client, operation: str, parameter: str, sent: str, given: object
) -> None:
    """Split first and decoded then; what is wrong is named."""
    parts = [*PATHS[operation]]
    parts[NAMES.index(parameter)] = sent
    wrong = isinstance(given, str) and given.partition(":")[0] == parameter
    require(ask(api, "/".join((operation, *parts))), given if wrong else {parameter: given})


@pytest.mark.parametrize(("operation", "query", "given"), SENT)
def test_a_query_is_read_as_its_schemas_say(
    api: httpx.Client, operation: str, query: str, given: object
) -> None:
    """In each style, with and without `explode`."""
    require(ask(api, f"{operation}?{query}"), given)


@pytest.mark.parametrize(("operation", "query", "given"), SENT_IN_31)
def test_a_query_is_read_as_schemas_of_3_1_say(
    v31: httpx.Client, operation: str, query: str, given: object
) -> None:
    """Lists of types, constants, null, tuples, patterns and conditions."""
    require(ask(v31, f"{operation}?{query}"), given)


@pytest.mark.parametrize(("operation", "query", "place"), REFUSED)
def test_a_wrong_query_is_refused_by_the_name_of_its_parameter(
    api: httpx.Client, operation: str, query: str, place: str
) -> None:
    """And by the element or property."""
    require(ask(api, f"{operation}?{query}"), place)


@pytest.mark.parametrize(("operation", "query", "place"), REFUSED_IN_31)
def test_a_wrong_query_is_refused_by_schemas_of_3_1(
    v31: httpx.Client, operation: str, query: str, place: str
) -> None:
    """The same for what only 3.1 can say."""
    require(ask(v31, f"{operation}?{query}"), place)


@pytest.mark.parametrize(("operation", "headers", "given"), HEADERS)
def test_headers_and_cookies_are_read_in_their_styles(
    api: httpx.Client, operation: str, headers: list[str], given: object
) -> None:
    """Headers whatever their case, in as many lines as they come; cookies by RFC 6265."""
    require(ask(api, operation, *headers), given)


def test_every_location_may_have_a_value_in_json(api: httpx.Client) -> None:
    """`content`: JSON, what is made of it, and text; typed, checked and completed as bodies are."""
    part = "contents/%7B%22a%22%3Atrue%7D"
    where = "where=%7B%22name%22%3A%22a%2Cb%22%2C%22tags%22%3A%5B%22dark%22%5D%7D"
    sent = ('X-Json: {"m": [1, 2]}', "Cookie: crumb=[1,2]")
    given = {
        "part": {"a": True},
        "where": {"name": "a,b", "tags": ["dark"]},
        "plain": 5,
        "X_Json": {"m": [1, 2], "n": 1},
        "crumb": [1, 2],
    }
    require(ask(api, f"{part}?{where}&plain=5", *sent), given)
    require(ask(api, f"{part}?{where}&plain=x"), "plain")
    require(ask(api, f"{part}?{where}", "Cookie: crumb=%5B%221%22%5D"), "crumb: element 0")
    require(ask(api, f"{part}?{where}", "X-Json: {}", "X-Json: {}"), "X-Json")
    require(ask(api, f"{part}?{where}", 'X-Json: {"n": 1, "n": 2}'), "X-Json")
    require(ask(api, f"{part}?{where}", "X-Json: NaN"), "X-Json")
    require(ask(api, f"contents/%7B%7D?{where}"), "part")
    require(ask(api, f"contents/x?{where}"), "part")
    require(ask(api, f"{part}?where=%7B"), "where")
    require(ask(api, f"{part}?{where}&{where}"), "where")
    require(ask(api, f"{part}?where=%7B%22tags%22:[1]%7D"), "where: property tags, element 0")
    require(ask(api, part), "where")


def test_what_is_required_is_asked_for_by_name(api: httpx.Client) -> None:
    """In each location, exploded or not, and with a default too."""
    answer = ask(api, "needed")
    told = [(each["parameter"], each["detail"]) for each in answer.json()["errors"]]
    names = ("q", "colour", "X-Key", "session", "defaulted")
    assert told == [(name, "is needed") for name in names]
    query = "needed?q=a&R=1&defaulted=4"
    given = {"q": ["a"], "X_Key": "k", "session": "s", "defaulted": 4, "colour": {"R": 1, "G": 7}}
    require(ask(api, query, "X-Key: k", "Cookie: session=s"), given)


def test_parameters_side_by_side_in_a_path_are_told_apart(api: httpx.Client) -> None:
    """By their styles and names; where those do not match, by which it is that does not."""
    require(ask(api, "files/ax.tar.gzz"), {"id": "x", "kinds": ["tar", "gz"]})
    require(ask(api, "files/%61x.tarz"), {"id": "x", "kinds": ["tar"]})
    require(ask(api, "files/axyz"), "kinds")
    require(ask(api, "matrices/5;a=1;b=2;b=3"), {"id": 5, "a": 1, "b": [2, 3]})
    require(ask(api, "matrices/x;a=1;b=2"), "id")
    require(ask(api, "matrices/5;a=1;b=x"), "b: element 0")
    assert ask(api, "files/x.tar").status == 404


def test_a_query_has_at_most_100_parameters(api: httpx.Client) -> None:
    """One more is 400, whatever they are; so are octets that no query has."""
    hundred = "&".join(f"a{number}=1" for number in range(100))
    assert ask(api, f"free_form?{hundred}").status == 200
    assert ask(api, f"free_form?{hundred}&b=1").status == 400
    assert ask(api, "query_form?counts=" + ",".join(map(str, range(1000)))).status == 200
    assert ask(api, "free_form?" + "&" * 100).status == 400


def test_an_unknown_name_is_refused_and_cut(api: httpx.Client) -> None:
    """A problem has names of at most a hundred characters."""
    answer = ask(api, f"query_form?{'x' * 5000}=1")
    assert (answer.status, answer.json()["errors"][0]["parameter"]) == (400, "x" * 100)


def test_names_that_a_body_takes_are_given_up(api: httpx.Client) -> None:
    """`body` beside a body; `content_type` only where a body may have several media types."""
    answer = ask(api, "several?content_type=a", "body: b", method="POST")
    assert answer.json() == {
        "operation": "several",
        "content_type": "a",
        "body_header": "b",
        "body": None,
    }
