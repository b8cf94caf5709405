#!/usr/bin/env python3
"""Makes outlines.txt anew from Natural Earth 1:50m, as the npm package world-atlas carries it.

    python3 make.py            # fetches the package with npm and writes outlines.txt beside this file
    python3 make.py FILE       # from a countries-50m.json that is already there

Python 3.9 or newer, no packages. The same input gives the same bytes.
"""

import hashlib
import json
import math
import pathlib
import subprocess
import sys
import tarfile
import tempfile

PACKAGE = "world-atlas@2.0.2"
MEMBER = "package/countries-50m.json"
SHA256 = "04342cdc1e3016bcd7db1630de95684d67b79fe3c8c460321e87aef469502394"

# The picture: kilometres of EPSG:3035 (false easting 4321, false northing 3210). What lies farther out is cut off.
LEFT, RIGHT, BOTTOM, TOP = 2500, 6700, 1300, 5460
MARGIN = 15
# What a simplified line may leave out: the area of the triangle at a point, in square kilometres.
LEAST_TRIANGLE = 22.0
# Islands below this size stay only where they are all that there is of a country.
LEAST_ISLAND = 90.0

# Outermost regions: code, middle (lat, lon), half the width and height in kilometres, units for a kilometre.
INSETS = [
    ("ES7", 28.6, -15.7, 270, 165, 1),
    ("PT20", 38.4, -26.9, 400, 244, 1),
    ("PT30", 32.85, -16.75, 65, 40, 4),
    ("FRY1", 16.2, -61.45, 62, 38, 4),
    ("FRY2", 14.65, -61.0, 52, 32, 4),
    ("FRY3", 4.0, -53.0, 360, 220, 1),
    ("FRY4", -21.12, 55.53, 62, 38, 4),
    ("FRY5", -12.82, 45.15, 46, 28, 4),
]

# ISO 3166-1: numeric to alpha-2, for what can lie in view.
CODES = {
    "008": "AL", "012": "DZ", "020": "AD", "031": "AZ", "040": "AT", "051": "AM", "056": "BE", "070": "BA",
    "076": "BR", "100": "BG", "112": "BY", "191": "HR", "196": "CY", "203": "CZ", "208": "DK", "233": "EE",
    "234": "FO", "246": "FI", "248": "AX", "250": "FR", "268": "GE", "276": "DE", "292": "GI", "300": "GR",
    "304": "GL", "328": "GY", "336": "VA", "348": "HU", "352": "IS", "368": "IQ", "372": "IE", "376": "IL",
    "380": "IT", "398": "KZ", "400": "JO", "422": "LB", "428": "LV", "434": "LY", "438": "LI", "440": "LT",
    "442": "LU", "470": "MT", "492": "MC", "498": "MD", "499": "ME", "504": "MA", "528": "NL", "578": "NO",
    "616": "PL", "620": "PT", "642": "RO", "643": "RU", "674": "SM", "682": "SA", "688": "RS", "703": "SK",
    "705": "SI", "724": "ES", "732": "EH", "740": "SR", "752": "SE", "756": "CH", "760": "SY", "788": "TN",
    "792": "TR", "804": "UA", "807": "MK", "818": "EG", "826": "GB", "831": "GG", "832": "JE", "833": "IM",
    "212": "DM", "500": "MS", "028": "AG", "662": "LC", "174": "KM", "450": "MG", "480": "MU", "275": "PS",
}
# Areas to which Natural Earth gives no number. The empty code is drawn and cannot be asked for.
NAMED = {"Kosovo": "XK", "N. Cyprus": ""}

SEMI_MAJOR, FLATTENING = 6378137.0, 1 / 298.257222101  # GRS 1980
E2 = FLATTENING * (2 - FLATTENING)
E = math.sqrt(E2)


def authalic(sine):
    return (1 - E2) * (sine / (1 - E2 * sine * sine) - math.log((1 - E * sine) / (1 + E * sine)) / (2 * E))


def laea(lat0, lon0):
    """Lambert azimuthal equal-area on the ellipsoid (EPSG method 9820), in kilometres from the centre."""
    phi0, lam0 = math.radians(lat0), math.radians(lon0)
    pole = authalic(1.0)
    beta0 = math.asin(authalic(math.sin(phi0)) / pole)
    radius = SEMI_MAJOR * math.sqrt(pole / 2)
    stretch = SEMI_MAJOR * math.cos(phi0) / math.sqrt(1 - E2 * math.sin(phi0) ** 2) / (radius * math.cos(beta0))

    def project(lon, lat):
        lam = math.radians(lon) - lam0
        beta = math.asin(max(-1.0, min(1.0, authalic(math.sin(math.radians(lat))) / pole)))
        under = 1 + math.sin(beta0) * math.sin(beta) + math.cos(beta0) * math.cos(beta) * math.cos(lam)
        reach = radius * math.sqrt(2 / max(under, 1e-9))
        east = reach * stretch * math.cos(beta) * math.sin(lam)
        north = reach / stretch * (
            math.cos(beta0) * math.sin(beta) - math.sin(beta0) * math.cos(beta) * math.cos(lam)
        )
        return east / 1000, north / 1000

    return project


def read(argument):
    if argument:
        raw = pathlib.Path(argument).read_bytes()
    else:
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True, stdout=subprocess.DEVNULL)
            (archive,) = pathlib.Path(folder).glob("*.tgz")
            with tarfile.open(archive) as packed:
                raw = packed.extractfile(MEMBER).read()
    if hashlib.sha256(raw).hexdigest() != SHA256:
        sys.exit("this is not the countries-50m.json of " + PACKAGE)
    return json.loads(raw)


def area(ring):
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:] + ring[:1])) / 2


def simplify(line, least):
    """Visvalingam's: the point with the smallest triangle goes first; both ends stay, so borders still meet."""
    line = list(line)
    closed = line[0] == line[-1]
    while len(line) > (5 if closed else 2):
        sizes = [
            abs((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])) / 2
            for a, b, c in zip(line, line[1:], line[2:])
        ]
        size = min(sizes)
        if size >= least:
            break
        del line[sizes.index(size) + 1]
    return line


def clip(ring, low, high):
    """Sutherland and Hodgman's cut at the four sides of a box."""
    for axis in (0, 1):
        for limit, sign in ((low[axis], 1), (high[axis], -1)):
            out = []
            for a, b in zip(ring[-1:] + ring[:-1], ring):
                in_a, in_b = sign * (a[axis] - limit) >= 0, sign * (b[axis] - limit) >= 0
                if in_a != in_b:
                    share = (limit - a[axis]) / (b[axis] - a[axis])
                    cut = [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])]
                    cut[axis] = limit
                    out.append(tuple(cut))
                if in_b:
                    out.append(b)
            ring = out
            if not ring:
                return ring
    return ring


def path(ring):
    """Whole numbers, relative, without what would not move; None where nothing is left."""
    whole = [(round(x), round(y)) for x, y in ring]
    kept = [p for p, before in zip(whole, whole[-1:] + whole[:-1]) if p != before]
    if len(kept) < 3 or area(kept) == 0:
        return None
    text, at = f"M{kept[0][0]} {kept[0][1]}l", kept[0]
    steps = []
    for point in kept[1:]:
        dx, dy = point[0] - at[0], point[1] - at[1]
        steps.append(f"{dx}{'' if dy < 0 else ' '}{dy}")
        at = point
    joined = steps[0]
    for step in steps[1:]:
        joined += step if step.startswith("-") else " " + step
    return text + joined + "z"


def countries(world):
    for geometry in world["objects"]["countries"]["geometries"]:
        number, name = geometry.get("id"), geometry["properties"]["name"]
        code = NAMED.get(name) if number is None else CODES.get(number)
        shapes = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
        yield code, name, [ring for shape in shapes for ring in shape]


def draw(world, project, low, high, units, least_triangle, least_island):
    """Lines of (code, path) inside a box; x to the right from its left side, y down from its top, in whole units."""
    (sx, sy), (tx, ty) = world["transform"]["scale"], world["transform"]["translate"]
    middle = ((low[0] + high[0]) / 2, (low[1] + high[1]) / 2)
    reach = math.hypot(high[0] - low[0], high[1] - low[1])
    arcs = []
    for arc in world["arcs"]:
        x = y = 0
        line = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            line.append(project(x * sx + tx, min(90.0, y * sy + ty)))
        near = any(math.hypot(p[0] - middle[0], p[1] - middle[1]) < reach for p in line)
        arcs.append(simplify(line, least_triangle) if near else line)
    drawn = []
    for code, name, rings in countries(world):
        found = []
        for ring in rings:
            line = []
            for arc in ring:
                piece = arcs[arc] if arc >= 0 else arcs[~arc][::-1]
                line += piece[:-1]
            if all(math.hypot(p[0] - middle[0], p[1] - middle[1]) > reach for p in line):
                continue
            line = clip(line, low, high)
            if line:
                found.append((abs(area(line)), [((x - low[0]) * units, (high[1] - y) * units) for x, y in line]))
        if not found:
            continue
        if code is None:
            sys.exit(f"no code for {name}")
        found.sort(key=lambda item: -item[0])
        kept = [path(line) for size, line in found if size >= least_island] or [path(found[0][1])]
        kept = [line for line in kept if line]
        if kept:
            drawn.append((code, "".join(kept)))
    return sorted(drawn)


def main():
    world = read(sys.argv[1] if len(sys.argv) > 1 else None)
    lines = [
        "# Natural Earth 1:50m (public domain), simplified; made by make.py, see README.md. Paths of SVG.",
        f"map\t{LEFT - MARGIN}\t{TOP + MARGIN}\t{RIGHT - LEFT}\t{TOP - BOTTOM}\t{MARGIN}",
    ]
    to_europe = laea(52.0, 10.0)

    def europe(lon, lat):
        east, north = to_europe(lon, lat)
        return east + 4321, north + 3210

    low, high = (LEFT - MARGIN, BOTTOM - MARGIN), (RIGHT + MARGIN, TOP + MARGIN)
    for code, text in draw(world, europe, low, high, 1, LEAST_TRIANGLE, LEAST_ISLAND):
        lines.append(f"{code}\t{text}")
    for code, lat, lon, half_width, half_height, units in INSETS:
        lines.append(f"inset\t{code}\t{lat}\t{lon}\t{half_width}\t{half_height}\t{units}")
        low, high = (-half_width, -half_height), (half_width, half_height)
        least = LEAST_TRIANGLE * (half_width / 2100) / units
        for country, text in draw(world, laea(lat, lon), low, high, units, least, 0.0):
            lines.append(f"{country}\t{text}")
    target = pathlib.Path(__file__).with_name("outlines.txt")
    target.write_text("\n".join(lines) + "\n", encoding="ascii", newline="\n")
    print(f"{target.name}: {target.stat().st_size} bytes, {len(lines)} lines")


main()
