#!/usr/bin/env python3
"""Map clients read the market by OGC API Features from the built program: GDAL, OWSLib, and the requests of QGIS.

    tests/map_clients/run.py MUSTER

MUSTER is the built program. Needs pyogrio, which brings GDAL, and owslib. Prints a line for each thing that must hold, and
exits with 1 when one does not.
"""

import json
import pathlib
import sys
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "penetration")]

import pyogrio
from owslib.ogcapi.features import Features
from report import broken, tried
from service import market, serving

# More than a page of GDAL and of QGIS.
OFFERS = 230


def filled(service):
    """The key of a firm with many offers, and that of the operator."""
    made = market(service)
    seller = made["seller"]
    for number in range(OFFERS - 1):
        body = {
            "site": seller["site"],
            "product": "ffp",
            "grades": ["FFP2"],
            "running": {"value": 1_000 + number, "per": "week"},
        }
        service.made("/api/v1/offers", body, seller["key"])
    return seller["key"], made["operator"]


def gdal(service, key):
    """Reads every collection as `ogrinfo` does."""
    pyogrio.set_gdal_config_options({"GDAL_HTTP_AUTH": "BEARER", "GDAL_HTTP_BEARER": key})
    address = f"OAPIF:http://{service.address}/ogc"
    layers = {name: kind for name, kind in pyogrio.list_layers(address)}
    tried("GDAL lists the collections", set(layers) == {"offers", "regions", "shortages"}, layers)
    about = pyogrio.read_info(address, layer="offers", PAGE_SIZE="100")
    tried("GDAL counts the offers", about["features"] == OFFERS, about["features"])
    tried("GDAL knows the place of coordinates", about["crs"] in ("EPSG:4326", "OGC:CRS84"), about["crs"])
    fields = set(about["fields"])
    tried("GDAL sees the columns", {"product", "running", "running_per", "grades", "region"} <= fields, fields)
    meta, _, geometry, values = pyogrio.raw.read(address, layer="offers", PAGE_SIZE="100")
    column = dict(zip(meta["fields"], values))
    tried("GDAL reads each offer once, page by page", len(set(column["offer"])) == OFFERS == len(geometry), len(geometry))
    tried("GDAL reads numbers as numbers", column["running"].dtype.kind in "if", column["running"].dtype)
    inside = pyogrio.raw.read(address, layer="offers", bbox=(100, -40, 110, -30))[2]
    tried("GDAL filters by a box", len(inside) == 0, len(inside))
    regions = pyogrio.raw.read(address, layer="regions")
    names = dict(zip(regions[0]["fields"], regions[3]))
    tried("GDAL reads regions with capacity", "ffp" in list(names["product"]), names["product"])


def owslib(service, key):
    """Reads landing page, document, collections and items as OWSLib does."""
    client = Features(f"http://{service.address}/ogc", headers={"Authorization": f"Bearer {key}"})
    tried("OWSLib lists the collections", set(client.feature_collections()) == {"offers", "regions", "shortages"})
    tried("OWSLib finds what it conforms to", any(uri.endswith("conf/core") for uri in client.conformance()["conformsTo"]))
    tried("OWSLib reads the document", client.api()["openapi"].startswith("3.0"))
    page = client.collection_items("offers", limit=7)
    tried("OWSLib reads items", (page["numberReturned"], page["numberMatched"]) == (7, OFFERS), page["numberMatched"])
    one = client.collection_item("offers", page["features"][0]["id"])
    tried("OWSLib reads one item", one["id"] == page["features"][0]["id"])


def qgis(service, key):
    """The requests of QGIS: landing page, document, collection, items of 100, and the pages after them."""
    geo = {"Accept": "application/geo+json, application/json"}
    status, _, landing = service.call("GET", "/ogc", token=key)
    links = {link["rel"]: link for link in landing["links"]}
    tried("QGIS finds document and collections", status == 200 and {"service-desc", "data", "conformance"} <= set(links))
    base = f"http://{service.address}"
    follow = lambda link: link["href"].removeprefix(base)
    kind = {"Accept": links["service-desc"]["type"]}
    status, head, document = service.call("GET", follow(links["service-desc"]), token=key, headers=kind)
    document = document if isinstance(document, dict) else json.loads(document)
    limit = document["components"]["parameters"]["limit"]["schema"]
    tried("QGIS finds how long pages are", (limit["default"], limit["maximum"]) == (100, 1_000), limit)
    status, _, collection = service.call("GET", "/ogc/collections/offers", token=key)
    items = next(link for link in collection["links"] if link["rel"] == "items" and "geo+json" in link["type"])
    tried("QGIS finds the items", status == 200 and items["href"].startswith(base), items)
    address, seen, pages = follow(items) + "?limit=100", [], 0
    while address:
        status, head, page = service.call("GET", address, token=key, headers=geo)
        if status != 200 or head["Content-Type"] != "application/geo+json":
            break
        page = page if isinstance(page, dict) else json.loads(page)
        seen += [feature["id"] for feature in page["features"]]
        pages += 1
        address = next((follow(link) for link in page["links"] if link["rel"] == "next"), None)
    tried("QGIS walks through the pages and sees each once", (len(set(seen)), pages) == (OFFERS, 3), (len(seen), pages))
    box = urllib.parse.urlencode({"limit": 100, "bbox": "-180,-90,180,90"})
    status, _, page = service.call("GET", f"{follow(items)}?{box}", token=key, headers=geo)
    tried("QGIS shows the whole world", page["numberMatched"] == OFFERS, status)


def main():
    with serving(sys.argv[1], MUSTER_RATE_LIMIT="off") as service:
        key, operator = filled(service)
        gdal(service, key)
        owslib(service, operator)
        qgis(service, key)
    if broken:
        sys.exit(f"{len(broken)} did not hold: {'; '.join(broken)}")


main()
