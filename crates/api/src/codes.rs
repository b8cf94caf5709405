//! Every error code there is: part of the API, each with a page at `/docs/errors/{code}`.

use axum::http::StatusCode;

/// A code with what it means and what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// The stable code.
    pub code: &'static str,
    /// The status of a whole answer; `None` for the code of one field inside a 422.
    pub status: Option<StatusCode>,
    /// A short title.
    pub title: &'static str,
    /// What it means, and what to do.
    pub remedy: &'static str,
}

const fn answer(code: &'static str, status: StatusCode, title: &'static str, remedy: &'static str) -> Code {
    Code { code, status: Some(status), title, remedy }
}

const fn field(code: &'static str, title: &'static str, remedy: &'static str) -> Code {
    Code { code, status: None, title, remedy }
}

/// The code's entry.
pub fn find(code: &str) -> Option<&'static Code> {
    ALL.iter().find(|c| c.code == code)
}

/// Where the code's page is.
pub fn page(code: &str) -> String {
    format!("/docs/errors/{code}")
}

/// All codes: those of whole answers, then those of fields.
pub const ALL: &[Code] = &[
    answer(
        "bad_acting_for",
        StatusCode::BAD_REQUEST,
        "The header Acting-For cannot be used",
        "Write the id of one organisation that mandated yours, once, as a UUID.",
    ),
    answer(
        "malformed_json",
        StatusCode::BAD_REQUEST,
        "The body is not JSON",
        "The detail names line and column. Send one JSON value and nothing after it.",
    ),
    answer(
        "invalid_utf8",
        StatusCode::BAD_REQUEST,
        "The body is not UTF-8",
        "JSON is UTF-8. Convert the text before you send it; the detail names the first wrong byte.",
    ),
    answer(
        "too_deep",
        StatusCode::BAD_REQUEST,
        "The JSON is nested too deeply",
        "No body of this API is nested more than 32 levels. Send the structure of the API reference.",
    ),
    answer(
        "invalid_cursor",
        StatusCode::BAD_REQUEST,
        "The cursor is not one of ours",
        "Use the cursor exactly as it came, by the same caller and with the same filters, or start again without it.",
    ),
    answer(
        "bad_query",
        StatusCode::BAD_REQUEST,
        "A query parameter of a standard's address is wrong",
        "`errors` names each parameter. Below /ogc what is wrong with a query is a 400, as OGC API Features has it.",
    ),
    answer(
        "unknown_parameter",
        StatusCode::BAD_REQUEST,
        "There is no such query parameter",
        "The detail names the one that is spelled most alike, and lists those there are.",
    ),
    answer(
        "bad_idempotency_key",
        StatusCode::BAD_REQUEST,
        "The Idempotency-Key cannot be used",
        "Send it once, with 1 to 255 visible ASCII characters. A UUID will do.",
    ),
    answer(
        "unauthenticated",
        StatusCode::UNAUTHORIZED,
        "A valid token is missing",
        "Send `Authorization: Bearer TOKEN`: the access token of a session (`POST /api/v1/sessions`), or the key of a machine.",
    ),
    answer(
        "sign_in_refused",
        StatusCode::UNAUTHORIZED,
        "Address or password is wrong",
        "Check both. An account has no password before the link of a mail set one; `POST /api/v1/passwords/reset` mails another.",
    ),
    answer(
        "session_ended",
        StatusCode::UNAUTHORIZED,
        "The session cannot be carried on",
        "A refresh token works once, and the last one is the one that counts. One that came twice was copied, and ended the \
         session for whoever has it. Sign in again; if you did not send it twice yourself, change your password.",
    ),
    answer("forbidden", StatusCode::FORBIDDEN, "You may not do this", "The detail says who may. Ask the operator."),
    answer(
        "not_found",
        StatusCode::NOT_FOUND,
        "There is no such thing",
        "It does not exist, or it is not yours to see. Check the identifier and whose token you send.",
    ),
    answer(
        "no_such_route",
        StatusCode::NOT_FOUND,
        "There is nothing at this address",
        "The API reference at /docs/api lists every address.",
    ),
    answer(
        "method_not_allowed",
        StatusCode::METHOD_NOT_ALLOWED,
        "The address does not take this method",
        "The `Allow` header lists the methods it takes.",
    ),
    answer(
        "timeout",
        StatusCode::REQUEST_TIMEOUT,
        "The request took too long",
        "Try again. A change may have been made all the same; look before you repeat it.",
    ),
    answer(
        "too_many_alerts",
        StatusCode::CONFLICT,
        "There are as many alerts as there may be",
        "An organisation has at most 20, and so has the operator. Delete one first (`DELETE /api/v1/alerts/{id}`).",
    ),
    answer(
        "duplicate_role",
        StatusCode::CONFLICT,
        "The person has a role there",
        "Change the role with `PUT /api/v1/organisations/{id}/roles/{role}`.",
    ),
    answer(
        "last_admin",
        StatusCode::CONFLICT,
        "Nobody would be left to decide",
        "Make somebody else an admin first. The operator may take the last one away.",
    ),
    answer(
        "duplicate_organisation",
        StatusCode::CONFLICT,
        "The organisation is registered already",
        "An organisation of this country has the name, in whatever spelling, or one has the identifier. If it is yours, ask its \
         admins with `POST /api/v1/organisations/ask`.",
    ),
    answer(
        "idempotency_running",
        StatusCode::CONFLICT,
        "The request is being worked on",
        "Wait and send the same again. If it stays so for a minute the service stopped amid it: look whether the record was \
         made, and take a new key if it was not.",
    ),
    answer(
        "wrong_state",
        StatusCode::CONFLICT,
        "The state does not allow it",
        "The detail names the present state. Read the record again.",
    ),
    answer(
        "not_opened",
        StatusCode::CONFLICT,
        "The other side is not open yet",
        "Who the other side of a match is opens once its supplier has accepted. The detail names the present state.",
    ),
    answer(
        "not_available",
        StatusCode::CONFLICT,
        "It is promised to others",
        "What is asked for is held or agreed for others by now. The detail says as much as you may know; take less, or wait \
         for another suggestion.",
    ),
    answer(
        "not_eligible",
        StatusCode::CONFLICT,
        "The two may not trade",
        "A rule of the market stands between the offer and the need by now, whatever a run said before. The explanation of \
         the need tells which.",
    ),
    answer(
        "sample_pending",
        StatusCode::CONFLICT,
        "A sample waits for your judgement",
        "You asked for a sample and have not approved it. Approve it and accept, or decline.",
    ),
    answer(
        "chain",
        StatusCode::CONFLICT,
        "Its chain does not allow it",
        "The match is a leg of a chain: it is taken whole, ships once all legs are agreed, and ends with the others before \
         that. The detail says which holds.",
    ),
    answer(
        "evidence_full",
        StatusCode::CONFLICT,
        "No more is filed",
        "A certificate has at most 5 files, an organisation 256 MB in all. Delete what is not needed any more.",
    ),
    answer(
        "other_source",
        StatusCode::CONFLICT,
        "The record is kept elsewhere",
        "The detail names the source it was imported from. Change it there and import it again, so that the next import does \
         not undo the change.",
    ),
    answer(
        "no_snapshot",
        StatusCode::CONFLICT,
        "What the run saw is not kept",
        "It was let go of, or no engine made the run. Take a newer run; the operator sets for how long what runs saw is kept.",
    ),
    answer(
        "changes_gone",
        StatusCode::GONE,
        "Changes since the cursor are no longer kept",
        "Synchronise again: take `GET /api/v1/changes/snapshot` page by page, put it in the place of what you have, and go on \
         from its `since`. The operator sets for how long changes are kept, 90 days where nothing is set.",
    ),
    answer(
        "stale",
        StatusCode::PRECONDITION_FAILED,
        "The record has changed meanwhile",
        "Somebody changed it since you read it. Read it again, look whether your change still makes sense, and send it with \
         the new `ETag` as `If-Match`.",
    ),
    answer(
        "body_too_large",
        StatusCode::PAYLOAD_TOO_LARGE,
        "The body is too large",
        "A JSON body may have 1 MB (1,048,576 bytes). Send records one by one; files of many are imported by `muster import`.",
    ),
    answer(
        "file_too_large",
        StatusCode::PAYLOAD_TOO_LARGE,
        "The file is too large",
        "A file may have 10 MB unless the operator says otherwise; the detail names the limit. Scan with fewer dots, or split it.",
    ),
    answer(
        "wrong_file_type",
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "The file is not announced as one that is taken",
        "Send `Content-Type: application/pdf`, `image/png` or `image/jpeg`.",
    ),
    answer(
        "wrong_content_type",
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "The body is not announced as JSON",
        "Send `Content-Type: application/json`, with a PATCH `application/merge-patch+json`.",
    ),
    answer(
        "invalid",
        StatusCode::UNPROCESSABLE_ENTITY,
        "The content breaks rules",
        "`errors` lists every fault, at most 100, with a JSON pointer to the field, a code and the remedy. Nothing was stored.",
    ),
    answer(
        "idempotency_mismatch",
        StatusCode::UNPROCESSABLE_ENTITY,
        "Another request has this Idempotency-Key",
        "Send a new request with a new key, and the same request with the same body.",
    ),
    answer(
        "invalid_query",
        StatusCode::UNPROCESSABLE_ENTITY,
        "A query parameter is wrong",
        "`errors` names the parameter. The API reference lists what each takes.",
    ),
    answer(
        "internal",
        StatusCode::INTERNAL_SERVER_ERROR,
        "The service failed",
        "It is our fault and it is logged. Tell the operator the `request_id`.",
    ),
    answer(
        "precondition_required",
        StatusCode::PRECONDITION_REQUIRED,
        "If-Match is missing",
        "Send the `ETag` that you read the record with as `If-Match`, so that you overwrite nothing you have not seen. \
         `If-Match: *` changes whatever it is by now.",
    ),
    answer(
        "rate_limited",
        StatusCode::TOO_MANY_REQUESTS,
        "Too much was asked for",
        "Send the same request again after the seconds that `Retry-After` names. A read costs 1 point, a change 5, a \
         password 10, an explanation 20, a run 50; `RateLimit-Policy` says how many there are a minute, `RateLimit` how many are left.",
    ),
    answer(
        "tried_too_often",
        StatusCode::TOO_MANY_REQUESTS,
        "It was tried too often",
        "Wait the seconds that `Retry-After` names. An account is tried ten times at once, then every 30 seconds, from \
         wherever; a mailed link sets another password meanwhile. An organisation invites 20 people at once, then one every \
         3 minutes; an address gets three mails at once because somebody typed it, then one every 10 minutes.",
    ),
    answer(
        "busy",
        StatusCode::SERVICE_UNAVAILABLE,
        "The database is busy",
        "Send the same request again after the seconds that `Retry-After` names.",
    ),
    answer(
        "overloaded",
        StatusCode::SERVICE_UNAVAILABLE,
        "Too much of this is being computed",
        "Send the same request again after the seconds that `Retry-After` names.",
    ),
    answer(
        "issuer_unavailable",
        StatusCode::SERVICE_UNAVAILABLE,
        "The issuer of the token cannot be asked",
        "Nobody can tell whether the token is good, since its issuer's keys cannot be had. Send the same request again after \
         the seconds that `Retry-After` names. If it lasts, tell the operator.",
    ),
    answer(
        "unavailable",
        StatusCode::SERVICE_UNAVAILABLE,
        "The database cannot be reached",
        "Send the same request again after the seconds that `Retry-After` names. If it lasts, tell the operator.",
    ),
    field("wrong_type", "Another JSON type is expected", "The detail says which. Numbers are not written in quotes."),
    field("unknown_field", "There is no such field", "The detail lists the fields there are. Check the spelling."),
    field("bad_email", "Not an e-mail address", "Write one such as `ann@example.org`, in plain ASCII."),
    field("void_link", "The link does not work", "It works once and for a while. Ask for another."),
    field("bad_identifier", "Not a number of that register", "The detail says what one looks like."),
    field("not_yours", "That is for others to say", "Leave it out."),
    field("too_short", "The password is too short", "Take at least 12 characters, such as four words."),
    field("weak", "The password is guessed first", "Take words that have nothing to do with you or with each other."),
    field("wrong_password", "Not the password of this account", "Type it again, or ask for a mailed link."),
    field("missing_field", "A required field is missing", "Add it."),
    field("duplicate_field", "A field stands twice", "Keep one of them."),
    field("not_an_object", "The body must be an object", "Write `{ ... }` with the fields of the API reference."),
    field("bad_value", "The value cannot be read", "The detail says what is expected."),
    field("not_positive", "A quantity must be above zero", "Write at least 1 base unit."),
    field("negative", "A quantity is below zero", "Write 0 or more."),
    field(
        "fractional",
        "Not a whole number of base units",
        "Half a piece does not exist. Round the number, or check the unit.",
    ),
    field("too_large", "More than 10^12 base units", "Check the number and the unit."),
    field("unknown_unit", "The unit is not known", "Write a UN/ECE Rec 20 or 21 code. GET /api/v1/units lists them."),
    field(
        "wrong_dimension",
        "The unit counts something else",
        "Write a unit that counts what the product's base unit counts, or leave it out.",
    ),
    field(
        "pack_size_missing",
        "A package without its size",
        "State `pack_size`, how many base units one package holds.",
    ),
    field("pack_size_unexpected", "A pack size without a package", "Remove it, or write a package unit such as XBX."),
    field("incomplete", "The record could not be read", "Check every field."),
    field(
        "several_units",
        "The products are counted in different units",
        "A picture adds figures of one unit. Name one product, or a family of one unit.",
    ),
    field("unknown_product", "The product is not known", "Search GET /api/v1/products?q= and write its code."),
    field("ambiguous_product", "Several products have this name", "Write the code of one of those the detail lists."),
    field("unknown_grade", "Not a grade of this product", "Write one of the grades that the detail lists."),
    field("unknown_feature", "Not a feature of this product", "Write one of the features that the detail lists."),
    field("bad_feature_value", "Not a value of this feature", "The detail says what values it takes."),
    field("own_product", "That is what is offered itself", "Name what is lacking to make it, or leave it out."),
    field("stated_twice", "Stated twice, and differently", "Keep one of them."),
    field("unknown_size", "Not a size of this product", "Write one of the sizes that the detail lists."),
    field("unknown_weekday", "Not a weekday", "Write monday to sunday."),
    field("no_working_day", "The calendar has no working day", "Name at least one weekday."),
    field("bad_date", "Not a date", "Write YYYY-MM-DD, between 1900-01-01 and 2199-12-31."),
    field("in_past", "The date is over", "Write today or a later day."),
    field("too_far_ahead", "The date is too far ahead", "The detail names how many days ahead it may be."),
    field(
        "in_future",
        "The date has not come",
        "Figures stand for a day that has come. Write today or an earlier day.",
    ),
    field("before_start", "It ends before it starts", "Swap or correct the two dates."),
    field("not_in_a_file", "A file has the whole list", "The detail says what to leave out."),
    field("too_many_rows", "More rows than an answer holds", "Ask for less at once, or tell rows apart by less."),
    field("out_of_range", "The number is out of range", "The detail names the range."),
    field("unknown_period", "Not a period", "Write day, week, month or year."),
    field("below_running", "Maximum is below running", "Both are levels: the maximum includes what runs now."),
    field(
        "no_capacity",
        "The offer offers nothing",
        "State a stock, a running, maximum or convertible rate above zero.",
    ),
    field(
        "unreachable",
        "The smallest order is more than the window yields",
        "Lower `min_order`, or widen the window.",
    ),
    field("unknown_border_rule", "Not a border rule", "Write one of the codes that the detail lists."),
    field(
        "unknown_activity",
        "The activity is not known",
        "Write a code of NACE Rev. 2 such as 14.12, or words that `GET /api/v1/questionnaire` lists.",
    ),
    field(
        "unknown_process",
        "There is no such process step",
        "Write a product and the number of its step, such as `medical-mask/2`; `GET /api/v1/questionnaire` lists them.",
    ),
    field(
        "wrong_kind",
        "The product is of another kind",
        "The detail names the kind that belongs here: machines are of the kind `equipment`, what is done or had in house is a \
         `service` or an `intermediate`.",
    ),
    field(
        "no_estimate",
        "Nothing says that the site could make it",
        "Draft offers of products that the answer lists. State what the site can do, or offer the product itself.",
    ),
    field("unknown_certificate_kind", "Not a kind of certificate", "Write one of the kinds that the detail lists."),
    field("bad_notified_body", "Not a notified body's number", "Write its four digits, e.g. 2797."),
    field("missing", "A value is missing here", "The detail says which."),
    field(
        "unknown_region",
        "The region is not known",
        "Write a NUTS 2024 code such as DE21, or a country. GET /api/v1/regions lists them.",
    ),
    field(
        "ambiguous_region",
        "The code was split into several regions",
        "Write the code of one of those the detail lists.",
    ),
    field(
        "country_required",
        "A postcode without its country",
        "Write the country; 1010 is in Vienna and in Lausanne.",
    ),
    field("bad_postcode", "Not a postcode", "Write its letters and digits."),
    field(
        "unknown_postcode",
        "The postcode says nothing here",
        "The detail says whether the country's postcodes are loaded. Correct it, or state the region.",
    ),
    field(
        "unknown_audience",
        "No audience that can be shown more",
        "Write own_cluster, buyer, counterparty or issuer; the detail lists them.",
    ),
    field("unknown_field_group", "No group of fields", "Write one of those the detail lists."),
    field(
        "totals_only",
        "It sees totals and never an offer",
        "Leave it out: networks and the public see totals of several organisations, whatever an owner says.",
    ),
    field("shown_already", "It is seen anyway", "Leave it out: defaults can be widened and not narrowed."),
    field("unknown_value", "Not one of the values", "Write one of those the detail lists."),
    field("does_not_apply", "The field does nothing here", "Leave it out, or change what the detail names."),
    field("no_such_substitution", "No rule lets it stand in", "Remove it; the product's page lists its rules."),
    field("too_many", "Too many entries", "The detail names the most there may be."),
    field("blank", "Blank", "Write something that can be seen."),
    field("no_letters", "No letter or digit in it", "Write a name."),
    field("control_character", "An invisible character in it", "Remove it; the detail names it."),
    field("too_long", "Too long", "Shorten it; the detail names the limit."),
    field("unknown_currency", "Not a currency", "Write an ISO 4217 code such as EUR."),
    field("bad_price", "Not a price", "Write an amount per base unit from 0 to 10^9 with at most 6 decimals."),
    field("null_island", "The point 0,0", "Leave the point out if you do not know it."),
    field(
        "outside_region",
        "Parts of the place contradict each other",
        "Check that latitude and longitude are not swapped, or correct region, country or postcode.",
    ),
    field("unknown_zone", "Not a time zone", "Write an IANA name, e.g. Europe/Berlin."),
    field("unknown_organisation", "There is no such organisation for you", "Leave it out to mean your own."),
    field(
        "unknown_site",
        "There is no such site of the organisation",
        "GET /api/v1/sites lists them; POST /api/v1/sites adds one.",
    ),
    field("unknown_file_type", "Neither PDF nor PNG nor JPEG", "The first bytes tell. Save it as one of these."),
    field("other_file_type", "Another kind of file than announced", "Send the Content-Type of the file."),
    field("bad_certificate_number", "Not a number of such certificates", "The detail shows one."),
    field(
        "not_the_holder",
        "The paper is somebody else's",
        "State the holder as your organisation is called, or the role trader.",
    ),
    field(
        "evidence_missing",
        "No paper is on file",
        "Write claimed, and file the paper as evidence: that makes it documented.",
    ),
    field("beyond_own", "More than your own key may", "Ask whoever has a key that may do more."),
    field("bad_instant", "Not an instant", "Write RFC 3339 with an offset, or a day and its zone."),
    field("not_later", "Not later than it was", "An open call is prolonged and never cut short."),
    field(
        "not_covered_by_law",
        "The legal basis does not cover the product",
        "Leave the product out, or ask for it on another basis; the detail says which.",
    ),
    field("not_in_force", "The law does not apply then", "Ask without a legal basis, or once it applies."),
    field(
        "not_five_days",
        "Not the five days of Article 10",
        "Write an instant between the two that the detail names.",
    ),
    field("unknown_question", "The call does not ask this", "Write the codes of its questions; the detail lists them."),
    field("unknown_offer", "There is no such offer of yours", "GET /api/v1/offers lists them."),
    field("unknown_need", "There is no such need", "GET /api/v1/needs lists them."),
    field("unknown_instalment", "The need has no such instalment", "GET /api/v1/needs/{id} lists its instalments."),
    field("contact_in_message", "Tells who you are too early", "Leave it out until the supplier has accepted."),
    field(
        "below_smallest_order",
        "Below the supplier's smallest order",
        "Take at least what the detail says, or decline.",
    ),
    field("not_for_sale", "A price of what is no sale", "Leave one of the two out."),
    field("no_mandate", "The member gave no mandate", "Ask it for a mandate to write, or to answer itself."),
    field("not_published", "The offer is not in the market", "Publish it, or leave it out."),
    field("not_asked_for", "The call does not ask for the product", "Leave it out."),
    field("outside_regions", "Made outside of the call's regions", "Leave it out."),
    field("not_invitable", "It cannot be invited", "Leave it out: portals and the issuer offer nothing to a call."),
    field("above_previous", "More than the step before allows", "Lower it."),
    field("does_not_add_up", "The parts do not add up", "Accepted and rejected together are what was received."),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_unique_and_say_something() {
        let codes: BTreeSet<&str> = ALL.iter().map(|c| c.code).collect();
        assert_eq!(codes.len(), ALL.len());
        for c in ALL {
            assert!(c.code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b.is_ascii_digit()), "{}", c.code);
            assert!(!c.title.ends_with('.') && c.remedy.len() > 5, "{}", c.code);
        }
    }
}
