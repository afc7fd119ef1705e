//! What the chain says while the house works.

use pilothouse_tests::{store::sql, trail::verify};

use super::{house_with_work, work};

#[test]
fn a_trail_at_work_is_whole_by_the_api_and_by_the_program() {
    let (house, _recorder) = house_with_work(20);
    let proof = house.get(&house.admin, "/api/v1/audit/proof").json();
    assert_eq!(proof["key"].as_str().unwrap().len(), 64, "{proof}");
    assert_eq!(proof["verified"], serde_json::Value::Null, "nobody has looked yet: {proof}");
    // While it goes on working.
    std::thread::scope(|scope| {
        let at_work = scope.spawn(|| work(&house, 20..120));
        let verdict = verify(&house.data, &[]);
        assert!(verdict.is_whole(), "{verdict:?}");
        at_work.join().unwrap();
    });
    let verified = house.get(&house.admin, "/api/v1/audit/verify").json();
    assert_eq!((&verified["whole"], &verified["wrong"], &verified["older"]), (&true.into(), &0.into(), &0.into()), "{verified}");
    assert!(verified["records"].as_u64().unwrap() > 120 && verified["entries"].as_u64() > verified["records"].as_u64(), "{verified}");
    assert_eq!(house.get(&house.admin, "/api/v1/audit/proof").json()["verified"]["whole"], true);
}

#[test]
fn a_checkpoint_comes_with_a_thousand_records_and_at_the_end() {
    let (mut house, _recorder) = house_with_work(1);
    let lines = |house: &pilothouse_tests::sandbox::House| {
        std::fs::read_to_string(house.data.join("checkpoints.jsonl")).map_or(0, |text| text.lines().count())
    };
    let before = lines(&house);
    work(&house, 0..1_100);
    let end = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while lines(&house) <= before {
        assert!(std::time::Instant::now() < end, "no checkpoint after 1,100 records");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    house.stop();
    let rows = sql(
        &house.data,
        &[
            "SELECT n FROM audit_checkpoints ORDER BY n",
            "SELECT max(seq) FROM audit_chain",
            "SELECT body FROM audit_checkpoints ORDER BY n DESC LIMIT 1",
        ],
    );
    assert_eq!(rows[0].len(), lines(&house), "each is in the file");
    let last: serde_json::Value = serde_json::from_str(rows[2][0][0].as_str().unwrap()).unwrap();
    assert_eq!(last["heads"][0]["seq"], rows[1][0][0], "the last one stands at the end");
}
