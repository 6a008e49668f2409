//! Work orders: that a device moves, is updated or replaced was declared, so what is new about it meanwhile is learnt and not told.
//!
//! While an order holds, a new partner within the house and a new protocol or port of the device take nobody by surprise: they are taken off the score as a part of their own,
//! and learnt. So does a partner that is itself under an order. A new partner outside the house stays as surprising as ever: no order of a device brings one, and it is how
//! an attack in the shadow of an order would look. What other detectors say (beacons, volumes to the outside) does not change. Orders are not part of what is learnt.

use std::sync::Arc;

use cordon_model::Time;
use rustc_hash::FxHashMap;

use super::Behaviour;
use super::accounts::{is_outside, octets};
use super::observed::{Observed, name_of};
use super::parts::Value;
use super::profile::Thing;
use super::report::EntityKind;

/// Most orders that are held, the latest in their order; more are left out.
const ORDERS_MAX: usize = 100_000;

/// What is done to a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkKind {
    /// It goes elsewhere: other partners, another address.
    Move,
    /// It is updated: other protocols, ports, names and partners. A name of before may fall silent for good.
    Update,
    /// Another takes its place: it may fall silent for good.
    Replace,
}

/// That work on a device was declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkOrder {
    /// What it is called where it was declared: `WO-4711`.
    pub reference: Box<str>,
    /// What is done.
    pub kind: WorkKind,
    /// From when.
    pub from: Time,
    /// Until when, this moment included.
    pub until: Time,
    /// Names and addresses of the device, those of before and those of afterwards, as events have them.
    pub names: Vec<Box<str>>,
}

/// Orders by the device and by whom others meet.
#[derive(Debug, Default)]
pub(super) struct WorkOrders {
    orders: Vec<WorkOrder>,
    /// Places of a device's orders, by its key.
    of_device: FxHashMap<u64, Vec<usize>>,
    /// Places of orders of who is met, by the hash of a partner.
    of_partner: FxHashMap<u64, Vec<usize>>,
}

impl WorkOrders {
    fn holding<'o>(&'o self, places: Option<&'o Vec<usize>>, at: Time) -> Option<&'o WorkOrder> {
        let mut orders = places.into_iter().flatten().filter_map(|place| self.orders.get(*place));
        orders.find(|order| order.from <= at && at <= order.until)
    }

    /// The order, if any, that lets a device or its partner bring something new: its reference.
    pub(super) fn expects(&self, key: u64, partner: Option<u64>, observed: &Observed) -> Option<Value<'_>> {
        if self.orders.is_empty() || observed.peer_address.is_some_and(is_outside) {
            return None;
        }
        let own = self.holding(self.of_device.get(&key), observed.time);
        let met = || self.holding(partner.and_then(|partner| self.of_partner.get(&partner)), observed.time);
        own.or_else(met).map(|order| Value::Name(&order.reference))
    }

    /// Whether no word of a device was to be expected in an hour, of one that was last heard of at another.
    pub(super) fn excuse_silence(&self, key: u64, last_heard: Time, hour: Time) -> bool {
        let places = self.of_device.get(&key);
        if self.holding(places, hour).is_some() {
            return true;
        }
        let orders = places.into_iter().flatten().filter_map(|place| self.orders.get(*place));
        // heard of for the last time before the work was over: another device or name speaks now. Who moves is heard of again, or is lost
        orders.into_iter().any(|order| order.kind != WorkKind::Move && order.from <= hour && last_heard <= order.until)
    }
}

impl Behaviour {
    /// Puts these orders into force, in place of all before; gives how many there was no room for. What was learnt stays as it is.
    pub fn declare_work(&mut self, mut orders: Vec<WorkOrder>) -> usize {
        let left_out = orders.len().saturating_sub(ORDERS_MAX);
        orders.drain(..left_out);
        let mut held = WorkOrders::default();
        for (place, order) in orders.iter().enumerate() {
            for name in &order.names {
                let kinds = [EntityKind::Device, EntityKind::Host];
                let keys = kinds.into_iter().filter_map(|kind| Some(self.key(kind, &name_of(kind, name)?)));
                keys.for_each(|key| held.of_device.entry(key).or_default().push(place));
                let partner = name.trim().parse().map_or_else(
                    |_| self.thing(Thing::Peer, name.trim().as_bytes()),
                    |address| self.thing(Thing::Peer, &octets(address)),
                );
                held.of_partner.entry(partner).or_default().push(place);
            }
        }
        held.orders = orders;
        self.work_orders = Arc::new(held);
        left_out
    }
}
