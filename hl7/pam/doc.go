// Package pam knows IHE PAM and its French extension: what a hospital says
// about its patients, in which event it says it, and what the message looks
// like on the wire.
//
// PAM is two transactions of HL7 v2 ADT messages. ITI-30 is about people: a
// patient is created (A28), becomes better known (A31), is merged. ITI-31 is
// about stays: a patient is expected (A05, A14), comes (A01, A04), changes class
// (A06, A07), place (A02, A15) or doctor (A54), goes on leave and comes back
// (A21, A22), is about to go and goes (A16, A03), and each of these can turn out
// to have been a mistake (a cancellation, or Z99). The French extension adds to it movements with an
// identity of their own (segment ZBE), functional units with three kinds of
// responsibility, the national identity INS, and six more segments.
//
// # Journeys
//
// An ADT message cannot be built from itself: the transfer names the location
// before it, the cancellation repeats the number and date of what it cancels
// and the situation to which the patient returns, the correction says whether
// other movements have followed. So the unit of this package is not the message
// but the [Journey]: a patient, a stay and its log of movements, which each
// [Journey.Message] moves one step further. What a step changes beside what its
// event does by itself stands in a [Change]. A request that the state makes
// impossible is refused with a [StateError], unless the test insists
// (Change.Force): a harness exists to send the impossible too, but never by
// accident.
//
// # Movements and the past
//
// A movement changes the situation of the patient from its date until the next
// one. France inserts, corrects and cancels movements also when others have
// followed (PAM.fr 5.3.7): the message then tells the situation of that time,
// ZBE-5 = Y, and what changed goes on up to the movement that says otherwise.
// IHE and HL7 2.3.1 cancel the last movement only. What others rest upon is not
// cancelled before them: an entry before its transfers, a leave before its
// return, a change of class before anything. What is announced (A05, A14, A15,
// A16) changes nothing yet. Temporary places (A09, A10) are no movements: the
// bed is kept.
//
// # Two records of one person
//
// People end up in the books twice, or under somebody else's name. So a step can
// be about another record beside that of the journey (Change.Other): an A24
// links the two and an A37 unlinks them, an A40 merges one into the other, an
// A44 gives the account to whom it belongs, an A47 replaces one number or takes
// the INS back. Such a message says whose a number is and nothing else. The
// journey goes on as the patient who stays, and a number that was merged away or
// replaced is refused from then on in all journeys of the generator.
//
// # Dialects
//
// The same journey is told in any [Dialect]: PAM.fr 2.11 or 2.10, IHE
// international, and three readings of "HL7 2.3.1, if possible with the PID of
// 2.5", which is all that the national FAQ asks of a hospital. The journey does
// not change; the segments, fields, tables and lengths do. What a dialect
// cannot say at all is [ErrNotApplicable], which is a fact about the dialect
// and nobody's failure.
//
// # People who do not exist
//
// A [Generator] invents patients and stays. They must be strange enough to find
// faults (accents, particles, apostrophes, very long names, twins, births in
// Corsica, overseas and abroad) and must never be anybody: telephone numbers
// come from the ranges kept for fiction, mail domains from RFC 2606, OIDs from
// the arc for examples, practitioners from the test range, and an INS always
// from the test authority, although its key and its traits are right. Equal
// seed and instant give equal bytes, everywhere; so a failure can be replayed.
//
// [CheckIdentities] is the other side of that: it refuses to let a message of
// whatever origin out that carries a national identity of a production
// authority.
//
// # What is written, and what is not
//
// Messages carry every segment that the grammar of the event has a place for
// and the journey has something to say in, and are conformant in each field
// that they fill. Optional fields about which nothing is known stay empty: in
// HL7 an empty field means "unchanged", not "none". Strict identity traits are
// written as RNIV 1 wants them, in capitals without accents; accents are in the
// names people go by, in addresses, units and contacts, where the law has
// nothing against them. Text that the character set cannot write is an
// [EncodingError] that names the field: nothing is ever transliterated or
// replaced on the way out. Ask for a patient in ASCII letters to get one.
//
// Every error that a user may see has In and Hint, which say it in French or
// English and tell what to do.
//
// PAM.fr in comments is the French national extension in its version 2.11.2,
// App. N FR its constraints on data types 1.8.2, RNIV 1 the national reference
// on identity vigilance, IHE the ITI Technical Framework, volume 2.
package pam
