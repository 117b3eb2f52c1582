"""Splink's settings for each set, as somebody writes them who knows Splink and has looked at the data.

They follow Splink's own guides: values are cleaned first, several strict rules propose pairs,
values that are common count for less, an address is one comparison since its parts depend on
each other, and e-mail addresses are compared as a whole, since they are made of the name that
is compared already. febrl_published compares what Splink's own example for FEBRL 3 does.
"""

from dataclasses import dataclass

import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import block_on


@dataclass
class Model:
    comparisons: list
    propose: list  # rules that propose the pairs to compare
    sure: list  # rules that hold for few pairs but true ones, for how many pairs are one at all
    sure_recall: float  # the part of the true pairs that these find, as the user guesses
    train: list  # rules whose pairs the expectation and maximisation looks at, one after the other
    prepare: str = "select * from raw"  # cleans the values
    train_with_frequencies: bool = True
    pairs_for_u: float = 1e6


def common(comparison):
    """Lets agreement in a common value count for less."""
    return comparison.configure(term_frequency_adjustments=True)


def febrl_published() -> Model:
    return Model(
        comparisons=[
            cl.NameComparison("given_name"),
            cl.NameComparison("surname"),
            cl.DateOfBirthComparison("date_of_birth", input_is_string=True, datetime_format="%Y%m%d"),
            cl.DamerauLevenshteinAtThresholds("soc_sec_id", [2]),
            common(cl.ExactMatch("street_number")),
            common(cl.ExactMatch("postcode")),
        ],
        propose=[block_on(column) for column in ("soc_sec_id", "given_name", "surname", "date_of_birth", "postcode")],
        sure=[
            block_on("soc_sec_id"),
            block_on("given_name", "surname", "date_of_birth"),
            "l.given_name = r.surname and l.surname = r.given_name and l.date_of_birth = r.date_of_birth",
        ],
        sure_recall=0.9,
        train=[block_on("date_of_birth"), block_on("postcode")],
    )


def febrl() -> Model:
    model = febrl_published()
    model.prepare = "select *, given_name || ' ' || surname as full_name from raw"
    model.comparisons = [
        cl.ForenameSurnameComparison("given_name", "surname", forename_surname_concat_col_name="full_name"),
        cl.DateOfBirthComparison(
            "date_of_birth", input_is_string=True, datetime_format="%Y%m%d", invalid_dates_as_null=False
        ),
        cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]),
        common(cl.ExactMatch("street_number")),
        common(cl.JaroWinklerAtThresholds("address_1", [0.9, 0.8])),
        common(cl.JaroWinklerAtThresholds("address_2", [0.9, 0.8])),
        common(cl.JaroWinklerAtThresholds("suburb", [0.9, 0.8])),
        common(cl.DamerauLevenshteinAtThresholds("postcode", [1])),
    ]
    model.propose += [block_on("address_1"), block_on("address_2"), block_on("suburb")]
    return model


def fake() -> Model:
    return Model(
        prepare="""
            select * replace (lower(first_name) as first_name, lower(surname) as surname, lower(city) as city,
                              lower(email) as email),
                   lower(first_name || ' ' || surname) as full_name
            from raw""",
        comparisons=[
            cl.ForenameSurnameComparison("first_name", "surname", forename_surname_concat_col_name="full_name"),
            cl.DateOfBirthComparison("dob", input_is_string=True),
            common(cl.LevenshteinAtThresholds("city", 2)),
            cl.EmailComparison("email"),
        ],
        propose=[
            block_on("first_name"),
            block_on("surname"),
            block_on("dob"),
            block_on("email"),
            "l.first_name = r.surname and l.surname = r.first_name",
            block_on("city", "substr(dob, 1, 4)"),
            block_on("city", "substr(first_name, 1, 2)"),
            block_on("city", "substr(surname, 1, 2)"),
            block_on("substr(email, 1, 4)"),
            block_on("substr(dob, 1, 7)"),
        ],
        sure=[
            "l.first_name = r.first_name and levenshtein(l.dob, r.dob) <= 1",
            "l.surname = r.surname and levenshtein(l.dob, r.dob) <= 1",
            "l.first_name = r.first_name and levenshtein(l.surname, r.surname) <= 2",
            block_on("email"),
        ],
        sure_recall=0.7,
        train=[block_on("dob"), block_on("email"), block_on("first_name", "surname")],
        train_with_frequencies=False,
    )


def people() -> Model:
    """Of kith generate people: eight countries, households, movers, titles, numbers in many forms."""
    title = r"^(mrs?|ms|miss|dr|prof|herr|frau|m|mme|sr|sra|pan|pani|shri|smt)\.? +"
    alone = "'[^a-z0-9]', '', 'g'"
    return Model(
        prepare=rf"""
            with cleaned as (
                select * replace (
                    nullif(split_part(regexp_replace(lower(strip_accents(given_name)), '{title}', ''), ' ', 1), '') as given_name,
                    lower(strip_accents(family_name)) as family_name,
                    lower(strip_accents(street)) as street,
                    lower(house_number) as house_number,
                    nullif(regexp_replace(lower(postcode), {alone}), '') as postcode,
                    lower(strip_accents(town)) as town,
                    right(regexp_replace(phone, '[^0-9]', '', 'g'), 9) as phone,
                    lower(email) as email,
                    nullif(regexp_replace(lower(national_id), {alone}), '') as national_id,
                    lower(strip_accents(employer)) as employer)
                from raw)
            select *, given_name || ' ' || family_name as full_name, postcode || ' ' || house_number as address
            from cleaned""",
        comparisons=[
            cl.NameComparison("given_name"),
            cl.NameComparison("family_name"),
            cl.DateOfBirthComparison("birth_date", input_is_string=True, invalid_dates_as_null=False),
            cl.ExactMatch("sex"),
            cl.CustomComparison(
                output_column_name="address",
                comparison_levels=[
                    cll.And(cll.NullLevel("postcode"), cll.NullLevel("town")),
                    cll.ExactMatchLevel("address").configure(tf_adjustment_column="address"),
                    cll.ExactMatchLevel("postcode").configure(tf_adjustment_column="postcode"),
                    cll.And(cll.ExactMatchLevel("street"), cll.ExactMatchLevel("house_number")),
                    cll.DamerauLevenshteinLevel("postcode", 1),
                    cll.ExactMatchLevel("town").configure(tf_adjustment_column="town"),
                    cll.JaroWinklerLevel("town", 0.9),
                    cll.ElseLevel(),
                ],
            ),
            common(cl.LevenshteinAtThresholds("phone", 1)),
            common(cl.LevenshteinAtThresholds("email", 1)),
            common(cl.LevenshteinAtThresholds("national_id", 1)),
            common(cl.JaroWinklerAtThresholds("employer", 0.9)),
        ],
        propose=[
            block_on("email"),
            block_on("phone"),
            block_on("national_id"),
            block_on("family_name", "birth_date"),
            block_on("given_name", "birth_date"),
            block_on("birth_date", "substr(postcode, 1, 3)"),
            block_on("family_name", "postcode"),
            block_on("given_name", "postcode"),
            block_on("postcode", "house_number"),
            block_on("given_name", "family_name", "town"),
            block_on("given_name", "family_name", "substr(birth_date, 1, 4)"),
            block_on("given_name", "family_name", "substr(birth_date, 6, 5)"),
            block_on("family_name", "substr(given_name, 1, 1)", "substr(birth_date, 1, 4)"),
            block_on("given_name", "substr(family_name, 1, 3)", "town"),
            block_on("given_name", "family_name", "country"),
            block_on("family_name", "employer"),
            "l.given_name = r.family_name and l.family_name = r.given_name",
        ],
        sure=[
            block_on("email"),
            block_on("national_id"),
            block_on("given_name", "family_name", "birth_date"),
            block_on("family_name", "phone"),
        ],
        sure_recall=0.8,
        train=[
            block_on("given_name", "family_name", "birth_date"),
            block_on("birth_date", "postcode"),
            block_on("email"),
        ],
    )


MODELS = {f.__name__: f for f in (febrl, febrl_published, fake, people)}
