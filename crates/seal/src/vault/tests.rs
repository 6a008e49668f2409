//! Tests of the vault: known answers, round trips, and every changed byte noticed.

use super::*;

fn envelope() -> EnvelopeKey {
    EnvelopeKey::new(&[1; 32]).unwrap()
}

#[test]
fn a_sealed_block_opens_under_its_key_number_and_context_only() {
    let (key, wrapped) = DataKey::fresh(&[2; 44], &envelope(), b"file 1").unwrap();
    let mut bytes = b"head|patient".to_vec();
    key.seal(7, b"ctx", &mut bytes, 5).unwrap();
    assert!(bytes.starts_with(b"head|") && bytes.len() == 12 + SEAL_BYTES);
    assert!(!bytes.windows(7).any(|window| window == b"patient"));
    let open = |key: &DataKey, number, context: &[u8]| {
        let mut sealed = bytes[5..].to_vec();
        key.open(number, context, &mut sealed).map(<[u8]>::to_vec)
    };
    let again = envelope().unwrap(&wrapped, b"file 1").unwrap();
    assert_eq!(open(&again, 7, b"ctx"), Ok(b"patient".to_vec()));
    assert_eq!(open(&again, 8, b"ctx"), Err(VaultError::DoesNotOpen));
    assert_eq!(open(&again, 7, b"other"), Err(VaultError::DoesNotOpen));
    assert!(matches!(envelope().unwrap(&wrapped, b"file 2"), Err(VaultError::DoesNotOpen)));
    let other = EnvelopeKey::new(&[3; 32]).unwrap();
    assert!(matches!(other.unwrap(&wrapped, b"file 1"), Err(VaultError::DoesNotOpen)));
}

#[test]
fn sealing_is_aes_256_gcm() {
    // GCM specification (McGrew and Viega), test case 14: key and nonce of zeros, 16 bytes of zeros
    let (key, _) = DataKey::fresh(&[0; 44], &envelope(), b"").unwrap();
    let mut bytes = vec![0; 16];
    key.seal(0, b"", &mut bytes, 0).unwrap();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
}

#[test]
fn a_ring_opens_as_it_was_closed_and_every_changed_byte_is_noticed() {
    let mut ring = KeyRing::default();
    assert!(ring.insert("wal", [4; 32]) && ring.insert("evidence/main/2026-11-22", [5; 32]));
    assert!(!ring.insert("wal", [6; 32]), "a secret is never replaced");
    let master = MasterKey::new([7; 32]);
    let unlock = Unlock::passphrase([8; 16]);
    let file = ring.to_file(&master, &unlock, [9; 12]).unwrap();
    assert_eq!(Unlock::of_ring(&file), Ok(unlock));
    assert_eq!(KeyRing::from_file(&file, &master), Ok(ring));
    assert_eq!(KeyRing::from_file(&file, &MasterKey::new([0; 32])), Err(VaultError::DoesNotOpen));
    for place in 0..file.len() {
        let mut changed = file.clone();
        changed[place] ^= 0x41;
        assert!(KeyRing::from_file(&changed, &master).is_err(), "byte {place}");
        assert!(KeyRing::from_file(&file[..place], &master).is_err(), "cut at {place}");
    }
}

#[test]
fn a_passphrase_gives_the_key_of_argon2id() {
    let unlock = Unlock::Passphrase { salt: [2; 16], memory_kib: 32, passes: 3, lanes: 4 };
    let ring = KeyRing::default();
    let one = MasterKey::from_passphrase(b"correct horse", &unlock).unwrap();
    let file = ring.to_file(&one, &unlock, [0; 12]).unwrap();
    let again = MasterKey::from_passphrase(b"correct horse", &Unlock::of_ring(&file).unwrap()).unwrap();
    assert_eq!(KeyRing::from_file(&file, &again), Ok(ring));
    let wrong = MasterKey::from_passphrase(b"correct house", &unlock).unwrap();
    assert_eq!(KeyRing::from_file(&file, &wrong), Err(VaultError::DoesNotOpen));
    let greedy = Unlock::Passphrase { salt: [2; 16], memory_kib: u32::MAX, passes: 3, lanes: 4 };
    assert!(matches!(MasterKey::from_passphrase(b"x", &greedy), Err(VaultError::PassphraseParameters)));
}

#[test]
fn a_signature_holds_for_its_bytes_and_its_key_only() {
    let key = SigningKey::from_seed(&[1; 32]).unwrap();
    let signature = key.sign(b"what left");
    assert!(key.verifying().verifies(b"what left", &signature));
    assert!(!key.verifying().verifies(b"what stays", &signature));
    assert!(!SigningKey::from_seed(&[2; 32]).unwrap().verifying().verifies(b"what left", &signature));
}

#[test]
fn a_sealed_text_opens_under_its_secret_and_purpose_only_and_every_changed_byte_is_noticed() {
    let key = TextKey::derived(&[1; 32], "handles");
    let sealed = key.seal([2; 24], b"patient").unwrap();
    assert_eq!(sealed.len(), 24 + 7 + SEAL_BYTES);
    assert!(!sealed.windows(7).any(|window| window == b"patient"));
    assert_eq!(TextKey::derived(&[1; 32], "handles").open(&sealed), Ok(b"patient".to_vec()));
    assert_ne!(sealed[24..], key.seal([3; 24], b"patient").unwrap()[24..]);
    for other in [TextKey::derived(&[1; 32], "others"), TextKey::derived(&[3; 32], "handles")] {
        assert_eq!(other.open(&sealed), Err(VaultError::DoesNotOpen));
    }
    for place in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[place] ^= 0x41;
        assert_eq!(key.open(&changed), Err(VaultError::DoesNotOpen), "byte {place}");
        assert_eq!(key.open(&sealed[..place]), Err(VaultError::DoesNotOpen), "cut at {place}");
    }
}

#[test]
fn keys_do_not_print() {
    let mut ring = KeyRing::default();
    ring.insert("wal", [4; 32]);
    let (data, _) = DataKey::fresh(&[2; 44], &envelope(), b"").unwrap();
    let text = format!(
        "{:?} {:?} {:?} {:?} {:?}",
        MasterKey::new([7; 32]),
        envelope(),
        data,
        TextKey::derived(&[4; 32], "handles"),
        ring
    );
    assert_eq!(text, r#"MasterKey(..) EnvelopeKey(..) DataKey(..) TextKey(..) {"wal"}"#);
}
