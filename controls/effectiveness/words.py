"""States, methods and results of tests of operating effectiveness."""

from controls.base.why import N_, Labelled


class State(Labelled):
    """State of an operating test."""

    PLANNED = "planned", N_("Planned")
    POPULATION_CONFIRMED = "population_confirmed", N_("Population confirmed")
    SAMPLE_DRAWN = "sample_drawn", N_("Sample drawn")
    TESTING = "testing", N_("Testing")
    CONCLUDED = "concluded", N_("Concluded")
    REVIEWED = "quality_reviewed", N_("Quality reviewed")


class Method(Labelled):
    """How the sample size is found."""

    FREQUENCY_TABLE = "frequency_table", N_("Frequency table (non-statistical)")
    FULL = "full", N_("The whole population")
    HYPERGEOMETRIC = "attribute_hypergeometric", N_("Attribute sampling (hypergeometric)")
    BINOMIAL = "attribute_binomial", N_("Attribute sampling (binomial)")
    TEST_OF_ONE = "test_of_one", N_("Test of one (automated control)")
    DISCOVERY = "discovery", N_("Discovery sampling")


class SampleRisk(Labelled):
    """Column of the frequency table."""

    LOW = "low", N_("Low")
    NORMAL = "normal", N_("Normal")
    HIGH = "high", N_("High")


class Result(Labelled):
    """Result of one sample item."""

    PASS = "pass", N_("Passed")
    EXCEPTION = "exception", N_("Exception")
    NOT_APPLICABLE = "not_applicable", N_("Not applicable")


class Nature(Labelled):
    """Whether an exception stands alone."""

    ISOLATED = "isolated", N_("Isolated")
    SYSTEMATIC = "systematic", N_("Systematic")
