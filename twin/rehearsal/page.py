"""What the pages of rehearsals share: their look, their tables, how they are filled in."""

from collections.abc import Mapping


def render(template: str, values: Mapping[str, object]) -> bytes:
    """Return a page as one UTF-8 file that needs nothing else.

    Parameters
    ----------
    template
        The name of a file in ``templates/``.
    values
        What it is filled with; beside them it knows ``css`` and ``are_figures``.
    """
    import jinja2
    from markupsafe import Markup

    from twin.rehearsal.figures import are_figures
    from twin.report.html import template_text
    from twin.report.palette import RAMP

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("twin.rehearsal"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    look = template_text("report.css").replace("RAMP", ", ".join(RAMP)) + environment.get_template("page.css").render()
    shared = {"css": Markup(look), "are_figures": are_figures}
    return environment.get_template(template).render({**values, **shared}).encode("utf-8", "replace")
