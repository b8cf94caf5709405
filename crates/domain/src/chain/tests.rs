use super::*;
use crate::matches::Step;

fn chain() -> Chain {
    let now = Instant::from_micros(1_586_000_000_000_000).unwrap();
    Chain {
        id: ChainId(uuid::Uuid::from_u128(1)),
        lead: OrganisationId(uuid::Uuid::from_u128(2)),
        name: "Respirators".to_owned(),
        steps: vec!["Fabric".to_owned(), "Sewing".to_owned()],
        agreed_at: None,
        dissolved: None,
        created_at: now,
        updated_at: now,
    }
}

#[test]
fn a_chain_stands_as_its_weakest_leg() {
    use MatchState::{Agreed, Cancelled, Declined, Expired, Fulfilled, InDelivery, Proposed};
    let chain = chain();
    for (legs, state) in [
        ([Some(Proposed), Some(Agreed)], ChainState::Held),
        ([Some(Agreed), Some(InDelivery)], ChainState::Agreed),
        ([Some(Agreed), Some(Fulfilled)], ChainState::Agreed),
        ([Some(Fulfilled), Some(Fulfilled)], ChainState::Fulfilled),
        ([Some(Proposed), Some(Declined)], ChainState::Open),
        ([Some(Expired), Some(Agreed)], ChainState::Open),
        ([Some(Fulfilled), Some(Cancelled)], ChainState::Open),
        ([Some(Proposed), None], ChainState::Open),
    ] {
        assert_eq!(chain.state(&legs), state, "{legs:?}");
    }
    assert_eq!(chain.state(&[Some(Proposed)]), ChainState::Open, "a step has no leg at all");
    let dissolved = Chain { dissolved: Some((chain.created_at, ClosingReason::NeedGone)), ..chain };
    assert_eq!(dissolved.state(&[Some(Declined), Some(Declined)]), ChainState::Dissolved);
}

#[test]
fn others_are_let_go_until_all_was_agreed() {
    let mut chain = chain();
    for state in MatchState::ALL {
        let expected = match state {
            _ if state.is_held() => Some(Step::Decline(ClosingReason::Chain)),
            MatchState::Agreed | MatchState::InDelivery => Some(Step::Cancel(ClosingReason::Chain)),
            _ => None,
        };
        assert_eq!(chain.when_another_fails(state), expected, "{state:?}");
    }
    chain.agreed_at = Some(chain.created_at);
    assert!(MatchState::ALL.iter().all(|state| chain.when_another_fails(*state).is_none()));
}

#[test]
fn names_tell_no_contacts_and_steps_are_told_apart() {
    let steps = ["Fabric", " ", "Fabric", "call 0049 30 1234567"].map(str::to_owned);
    let faults = Chain::checked_names("ask anna@example.org", &steps).unwrap_err().into_vec();
    let found: Vec<_> = faults.iter().map(|v| (v.pointer.as_str(), v.code)).collect();
    let expected = [
        ("/name", "contact_in_name"),
        ("/legs/1/step", "blank"),
        ("/legs/2/step", "duplicate"),
        ("/legs/3/step", "contact_in_name"),
    ];
    assert_eq!(found, expected);
    let one = Chain::checked_names("Masks", &["Sewing".to_owned()]).unwrap_err().into_vec();
    assert_eq!((one[0].pointer.as_str(), one[0].code), ("/legs", "out_of_range"));
    let read = Chain::checked_names(" Masks  of Vic ", &["Fabric".to_owned(), " Sewing".to_owned()]).unwrap();
    assert_eq!(read, ("Masks of Vic".to_owned(), vec!["Fabric".to_owned(), "Sewing".to_owned()]));
}
