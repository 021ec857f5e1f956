"""Icons of `assets/icons.svg`."""

from markupsafe import Markup

_PICTURE = Markup(
    '<svg class="{}" aria-hidden="true"><use href="assets/icons.svg#{}"/></svg>',
)
_SIGN = Markup(
    '<svg class="{}" role="img" aria-label="{}"><use href="assets/icons.svg#{}"/></svg>',
)


def icon(name: str, label: str = "", kind: str = "") -> Markup:
    """The icon's HTML; `kind`: a class of its own.

    Without a `label`, words beside it say what it means; screen readers pass it over.
    """
    classes = f"i {kind}" if kind else "i"
    return _SIGN.format(classes, label, name) if label else _PICTURE.format(classes, name)
