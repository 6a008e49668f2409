//! Examples of the standards for ES256 and Ed25519; for RSA signatures that OpenSSL 3.0 made (`openssl dgst -sha256 -sign`, with `rsa_padding_mode:pss`).
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::*;

const RSA_N: &str = "5lHEfrA-SnFJwY7SpkeRgbKkE7sTopQG3m0wLtQKGWmbuBLY7jwEcNpXxorU0DRQsv5J0sUWRiqLlae34R-1HZHBuO9qb64qkuvM8j7LI0kLbwBNmoqh5gGzN8Qez9_xZiJdKhCqKZKDIMuNNW09j2lDfI-5A955EdasfdBNjgMLnswBJMaEHt4JlzSv59lxAMfgdPQ5c6RXH1O46g5WJDhFLurDCke19DpZkDNhOdmJak1Hh4hioxoNqH_hBbxdvJiCfU_zTptxZo1vCrbHcbSIQEar3p4U7pazL4-YxLFLMn2-830Ri5gpRQVnELOS7XWKSjrr8v7UU0j54VIvtw";
const RS256: &str = "PiUvbWiOK3fFlF_XZZOIYJMgnff05Te4dlJQ866BeM8FXDy8hgivqd52aWR_torzhowQHYo2JUVONUMjVl6LFmeR5SFaJ5CKYUFCZxLUgWgi5YxfdwopFqnj7yFXPDADsSPrZRbZfod59m9ufGlBjZwIJws8GVoNVDdxMOOBfRGc1ZncTfZ2AFH7W4poCefJEex7i2N6ZkhRZKBw2OowAES9V6rA7iD8MP5gTSXmIuUHrgjfHJx3EjyuY_7padontSxK-5-SFeOpgxxnK3muiTS02tJuQcEEdM95lnubtXTaKmtPRigYFiM2OG6X9iiqxZr1QVa2-ouVu0BTpLNPvA";
const PS256: &str = "fx4VKJy6Gxi327hF20cUOe-iyzCYEAyJzQnTYAf0lVZa_tKaxlSrTYGmCHfcUrruDK_sypwwpuF1k1tAr8-iqI2ZCx48bBjWhwJB729bew-DkwoTuf6w2RRO21YxqGOgEVD3q1FGAvulsJic9gg4iz1QY4LE_hzuMwYqSfjIOQ5jYzwkN-1TxmZJqI32kAu5gNrowuwVPLqOZa9kcHHGaa-kRa_SnlkvvtISYn6Tw0GqTHFgIFKQdjTa2mTreNXVOjnYFj9c41j8bASDX3lUMAYrDKkP4uxnY4-O60x2PrtxgP0UwCMDl20ud81fP9t4o992pqltsXetXoIkMIDxHQ";

fn bytes(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

fn point(text: &str) -> [u8; 32] {
    bytes(text).try_into().unwrap()
}

/// RFC 7515 appendix A.3.
fn es256() -> (JwsKey, &'static str, Vec<u8>) {
    let (x, y) = ("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
    let message = "eyJhbGciOiJFUzI1NiJ9.\
        eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    (JwsKey::P256 { x: point(x), y: point(y) }, message, bytes(signature))
}

/// RFC 8037 appendix A.4.
fn ed25519() -> (JwsKey, &'static str, Vec<u8>) {
    let key = JwsKey::Ed25519(point("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"));
    let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    (key, "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc", bytes(signature))
}

fn rsa_key(zeros: usize) -> JwsKey {
    JwsKey::Rsa { n: [vec![0; zeros], bytes(RSA_N)].concat(), e: bytes("AQAB") }
}

/// Signed by the key in this way, and in no other way, of no other message, by no other key.
fn check(algorithm: JwsAlgorithm, key: &JwsKey, message: &str, signature: &[u8]) {
    let ways: Vec<JwsAlgorithm> =
        JwsAlgorithm::ALL.into_iter().filter(|way| key.signed(*way, message.as_bytes(), signature)).collect();
    assert_eq!(ways, [algorithm]);
    assert!(!key.signed(algorithm, format!("{message} ").as_bytes(), signature));
    assert!(!key.signed(algorithm, message.as_bytes(), &signature[1..]));
    assert!(!key.signed(algorithm, message.as_bytes(), &[]));
    for place in 0..signature.len() {
        let mut other = signature.to_vec();
        other[place] ^= 1;
        assert!(!key.signed(algorithm, message.as_bytes(), &other), "byte {place}");
    }
    for other in [es256().0, ed25519().0, rsa_key(0)].iter().filter(|other| *other != key) {
        assert!(!other.signed(algorithm, message.as_bytes(), signature));
    }
}

#[test]
fn a_signature_holds_for_its_message_its_key_and_its_algorithm_alone() {
    let (key, message, signature) = es256();
    check(JwsAlgorithm::Es256, &key, message, &signature);
    let (key, message, signature) = ed25519();
    check(JwsAlgorithm::EdDsa, &key, message, &signature);
    check(JwsAlgorithm::Rs256, &rsa_key(0), "signed by a test", &bytes(RS256));
    check(JwsAlgorithm::Ps256, &rsa_key(0), "signed by a test", &bytes(PS256));
    assert!(rsa_key(1).signed(JwsAlgorithm::Rs256, b"signed by a test", &bytes(RS256)));
}

#[test]
fn a_key_of_rsa_that_is_too_short_signed_nothing() {
    let short = JwsKey::Rsa { n: bytes(RSA_N)[..128].to_vec(), e: bytes("AQAB") };
    assert!(!short.signed(JwsAlgorithm::Rs256, b"signed by a test", &bytes(RS256)[..128]));
}

#[test]
fn there_is_no_algorithm_without_a_private_key() {
    for name in ["none", "None", "HS256", "HS384", "HS512", "rs256", "", "RS1"] {
        assert_eq!(JwsAlgorithm::from_name(name), None, "{name}");
    }
    for algorithm in JwsAlgorithm::ALL {
        assert_eq!(JwsAlgorithm::from_name(algorithm.name()), Some(algorithm));
    }
}
