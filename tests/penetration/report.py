"""What was tried, and whether the service held."""

broken = []


def tried(what, held, seen=""):
    """Prints a line, and keeps what broke."""
    if not held:
        broken.append(what)
    print(f"{'HELD  ' if held else 'BROKEN'}  {what}{'' if held or not seen else f': {seen}'}", flush=True)
    return held
