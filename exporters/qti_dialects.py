"""What differs between the versions of QTI, and between the platforms that import them."""

import re
from dataclasses import dataclass, replace

from lxml import etree
from lxml.builder import E

Content = etree._Element | str | dict[str, str]
"""What an element is made of: others, text, and attributes whose names are the same in every version."""

_CAPITAL = re.compile("[A-Z]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What the outcome FEEDBACK says of a response; a verdict that is empty is not told from `incorrect`.

    Where they stand `alone`, a platform shows no other feedback: what is told to everybody is said with each of them.
    """

    correct: str = "correct"
    incorrect: str = "incorrect"
    partial: str = ""
    unanswered: str = ""
    alone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One version of QTI, as one platform takes it.

    `namespace` and `schema` are those of items and tests, `package` and `package_schema` those of manifests, `metadata`
    is the namespace of what a manifest says of items.  `release` ends the types of resources ("xmlv2p1").  `test` and
    `bank` are the schema and its version that a manifest names for a package with a test and for one of items alone;
    without `test` there is never one.  `hyphens`: names are hyphenated and begin with qti-.  `catalogs`: pictures have
    long descriptions of their own.  `tolerances`: a comparison of numbers may name its tolerance.  `blocks`: feedback
    stands in the body, below what it is about, instead of in dialogues.  `vocabulary`: interactions say how they look,
    and what they are called, in words that players know.  `expressions`: a player runs what follows `{{` in a text.
    """

    namespace: str
    schema: str
    package: str
    package_schema: str
    metadata: str
    release: str
    test: tuple[str, str] | None
    bank: tuple[str, str]
    hyphens: bool = False
    catalogs: bool = False
    tolerances: bool = True
    blocks: bool = False
    vocabulary: bool = False
    expressions: bool = False
    verdicts: Verdicts = Verdicts()

    def element(self, name: str, *content: Content, **attributes: str) -> etree._Element:
        """An element of QTI by the names it and its attributes have in 2.1, `assessmentItem`, in this dialect."""
        named = {self._hyphenated(attribute): value for attribute, value in attributes.items()}
        return E(self.tag(name), *content, named)

    def tag(self, name: str) -> str:
        """The name of an element of QTI in this dialect."""
        return f"qti-{self._hyphenated(name)}" if self.hyphens else name

    def _hyphenated(self, name: str) -> str:
        return _CAPITAL.sub(lambda capital: f"-{capital[0].lower()}", name) if self.hyphens else name


QTI_2_1 = Dialect(
    namespace="http://www.imsglobal.org/xsd/imsqti_v2p1",
    schema="http://www.imsglobal.org/xsd/qti/qtiv2p1/imsqti_v2p1p2.xsd",
    package="http://www.imsglobal.org/xsd/imscp_v1p1",
    package_schema="http://www.imsglobal.org/xsd/qti/qtiv2p1/qtiv2p1_imscpv1p2_v1p0.xsd",
    metadata="http://www.imsglobal.org/xsd/imsqti_metadata_v2p1",
    release="xmlv2p1",
    test=("QTIv2.1 Package", "1.0.0"),
    bank=("QTIv2.1 Item Bank Package", "1.0.0"),
)
QTI_2_2 = replace(
    QTI_2_1,
    namespace="http://www.imsglobal.org/xsd/imsqti_v2p2",
    schema="http://www.imsglobal.org/xsd/qti/qtiv2p2/imsqti_v2p2p4.xsd",
    package_schema="http://www.imsglobal.org/xsd/qti/qtiv2p2/qtiv2p2_imscpv1p2_v1p0.xsd",
    metadata="http://www.imsglobal.org/xsd/imsqti_metadata_v2p2",
    release="xmlv2p2",
    test=("QTIv2.2 Package", "1.0.0"),
    bank=("QTIv2.2 Item Bank Package", "1.0.0"),
)
# Of two players of QTI 3.0 one gives a text full marks where a comparison has a tolerance, the other nothing ever; one
# opens all dialogues of feedback at once, on top of one another, and takes the text of an item for a template.
QTI_3_0 = Dialect(
    namespace="http://www.imsglobal.org/xsd/imsqtiasi_v3p0",
    schema="https://purl.imsglobal.org/spec/qti/v3p0/schema/xsd/imsqti_asiv3p0_v1p0.xsd",
    package="http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1",
    package_schema="https://purl.imsglobal.org/spec/qti/v3p0/schema/xsd/imsqtiv3p0_imscpv1p2_v1p0.xsd",
    metadata="http://www.imsglobal.org/xsd/imsqti_metadata_v3p0",
    release="xmlv3p0",
    test=("QTI Package", "3.0.0"),
    bank=("QTI Item Bank", "3.0.0"),
    hyphens=True,
    catalogs=True,
    tolerances=False,
    blocks=True,
    vocabulary=True,
    expressions=True,
)
# Inspera documents packages of items, whose response processing sets FEEDBACK to one of its own four words.
INSPERA = replace(
    QTI_2_1,
    test=None,
    verdicts=Verdicts(
        correct="feedback_correct",
        incorrect="feedback_wrong",
        partial="feedback_partially_correct",
        unanswered="feedback_unanswered",
        alone=True,
    ),
)
