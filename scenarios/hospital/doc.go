// Package hospital is a hospital that lives: patients arrive through the day,
// are identified, admitted, moved, sent on leave and discharged, and a GAM tells
// about each of it in a message of ITI-30 or ITI-31.
//
// # What it is made of
//
// A [Config] describes the hospital: its name and FINESS number, its poles with
// their functional units and beds, how many people come for what on a day, and
// how often the office makes mistakes. It is a YAML file (docs/simulate.md,
// docs/hospital.schema.json); the shipped one, [Default], has some 500 beds.
//
// # How it lives
//
// It is a simulation of discrete events. People come at random, more of them in
// the hours and on the days on which hospitals are busy. Each [stay] is a plan,
// drawn when the patient comes: a list of things that will happen to this
// patient one after the other. What a thing needs from the rest of the hospital
// (a free bed) is asked for when it happens, and who finds none waits, lies in
// another unit, or goes elsewhere. Every message is built by the patient's
// pam.Journey, which refuses what the state of a stay makes impossible; a refusal
// here is a fault of this package, and ends the simulation.
//
// # What can be relied on
//
// Equal configuration, options and seed give equal bytes, everywhere. Events come
// in the order of their time. Who left is forgotten, but for a bounded number of
// people who may come again, so memory does not grow with time. Dates are
// written in the offset from UTC that the start has: hours that come twice in
// autumn would put movements out of order.
package hospital
