//! Tokens that lie in one respect each. Whole sign-ins with such tokens, signed, are in tests/live/test_sign_in.py.

use serde_json::json;

use super::super::keys::keys_of;
use super::*;

/// RFC 8037 appendix A.4: what it says is no JSON, so it is read and refused only after its signature.
const SIGNED: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
    hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

fn keys(kid: Value) -> Vec<Key> {
    let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let set = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid}]});
    keys_of(set.as_object().unwrap())
}

fn token(header: &Value) -> String {
    let part = |text: String| URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.AAAA", part(header.to_string()), part("{}".to_owned()))
}

fn read(header: &Value) -> Result<(), TokenFault> {
    Unverified::read(&token(header), &JwsAlgorithm::ALL).map(drop)
}

#[test]
fn a_header_names_an_algorithm_of_the_settings_and_asks_for_nothing_else() {
    assert_eq!(read(&json!({"alg": "RS256", "kid": "a", "typ": "JWT"})), Ok(()));
    for alg in [json!("none"), json!("None"), json!("HS256"), json!("RS512"), json!(""), json!(null), json!(["RS256"])]
    {
        assert_eq!(read(&json!({"alg": alg})), Err(TokenFault::Algorithm), "{alg}");
    }
    assert_eq!(read(&json!({})), Err(TokenFault::Algorithm));
    assert_eq!(read(&json!({"alg": "RS256", "crit": ["exp"]})), Err(TokenFault::Critical));
    assert_eq!(read(&json!({"alg": "RS256", "kid": 7})), Err(TokenFault::Unreadable));
    let rs256 = token(&json!({"alg": "RS256"}));
    assert_eq!(Unverified::read(&rs256, &[JwsAlgorithm::Es256]).map(drop), Err(TokenFault::Algorithm));
    for text in ["", "a", "a.b", "..", "e30.e30", "*.e30.AA", "W10.e30.AA", &"A".repeat(TOKEN_BYTES_MAX + 1)] {
        assert!(Unverified::read(text, &JwsAlgorithm::ALL).is_err(), "{text:.20}");
    }
}

#[test]
fn claims_are_read_only_when_a_key_of_the_provider_signed_them() {
    let verified = |text: &str, keys: &[Key]| Unverified::read(text, &JwsAlgorithm::ALL).unwrap().verified(keys);
    // the signature holds, and only then it shows that there is no JSON in it
    assert_eq!(verified(SIGNED, &keys(json!("a"))), Err(TokenFault::Unreadable));
    let (rest, signature) = SIGNED.rsplit_once('.').unwrap();
    let forged = format!("{rest}.A{}", signature.split_at(1).1);
    assert_eq!(verified(&forged, &keys(json!("a"))), Err(TokenFault::Signature));
    let named = token(&json!({"alg": "EdDSA", "kid": "b"}));
    assert_eq!(verified(&named, &keys(json!("a"))), Err(TokenFault::UnknownKey));
    assert_eq!(verified(&named, &[]), Err(TokenFault::UnknownKey));
    assert_eq!(verified(&token(&json!({"alg": "RS256"})), &keys(json!("a"))), Err(TokenFault::Signature));
}

const NOW: i64 = 1_800_000_000;

fn lying(change: Value) -> Result<(), TokenFault> {
    let mut claims = json!({
        "iss": "https://id.example", "aud": "cordon", "sub": "1", "nonce": "n", "exp": NOW + 300, "iat": NOW, "groups": ["x"]
    });
    let claims = claims.as_object_mut().unwrap();
    for (name, value) in change.as_object().unwrap() {
        if value == "left out" {
            claims.remove(name);
        } else {
            claims.insert(name.clone(), value.clone());
        }
    }
    check(claims, &Expected { issuer: "https://id.example", client_id: "cordon", nonce: "n", now: NOW })
}

#[test]
fn a_token_is_of_this_provider_for_this_node_and_this_sign_in() {
    for fits in [json!({}), json!({"aud": ["cordon"]}), json!({"azp": "cordon"}), json!({"nbf": NOW - 300})] {
        assert_eq!(lying(fits.clone()), Ok(()), "{fits}");
    }
    let out = "left out";
    let lies = [
        (
            TokenFault::Issuer,
            vec![json!({"iss": "https://id.example/"}), json!({"iss": out}), json!({"iss": ["https://id.example"]})],
        ),
        (
            TokenFault::Audience,
            vec![
                json!({"aud": "other"}),
                json!({"aud": out}),
                json!({"aud": []}),
                json!({"aud": ["cordon", "other"]}),
                json!({"aud": null}),
            ],
        ),
        (TokenFault::Party, vec![json!({"azp": "other"}), json!({"azp": null}), json!({"azp": ["cordon"]})]),
        (TokenFault::Nonce, vec![json!({"nonce": "m"}), json!({"nonce": out}), json!({"nonce": ["n"]})]),
        (
            TokenFault::Subject,
            vec![json!({"sub": ""}), json!({"sub": out}), json!({"sub": 1}), json!({"sub": "1".repeat(256)})],
        ),
    ];
    for (fault, changes) in lies {
        for change in changes {
            assert_eq!(lying(change.clone()), Err(fault.clone()), "{change}");
        }
    }
}

#[test]
fn a_token_holds_now_with_a_minute_for_clocks_that_are_apart() {
    for fits in [
        json!({"exp": NOW - LEEWAY_SECONDS + 1}),
        json!({"iat": NOW + LEEWAY_SECONDS}),
        json!({"iat": NOW - ISSUED_SECONDS_MAX}),
        json!({"nbf": NOW + LEEWAY_SECONDS}),
        json!({"exp": 1_800_000_300.5}),
    ] {
        assert_eq!(lying(fits.clone()), Ok(()), "{fits}");
    }
    let lies = [
        (
            TokenFault::Expired,
            vec![
                json!({"exp": NOW - LEEWAY_SECONDS}),
                json!({"exp": "9999999999"}),
                json!({"exp": "left out"}),
                json!({"exp": null}),
            ],
        ),
        (
            TokenFault::TooEarly,
            vec![
                json!({"iat": NOW + LEEWAY_SECONDS + 1}),
                json!({"iat": "left out"}),
                json!({"iat": "1"}),
                json!({"nbf": NOW + LEEWAY_SECONDS + 1}),
                json!({"nbf": "99"}),
                json!({"nbf": null}),
            ],
        ),
        (TokenFault::TooOld, vec![json!({"iat": NOW - ISSUED_SECONDS_MAX - 1}), json!({"iat": 0})]),
    ];
    for (fault, changes) in lies {
        for change in changes {
            assert_eq!(lying(change.clone()), Err(fault.clone()), "{change}");
        }
    }
}
