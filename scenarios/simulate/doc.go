// Package simulate plays a GAM: it has a hospital live, at a pace, and sends what
// is told of it to one receiver or several.
//
// # Nothing is lost, nothing is told twice
//
// Every message goes through an outbox, a [store.Store]. What the hospital tells
// is written there together with the [Place], how far it has lived, in one
// transaction. A hospital is the same whenever it begins with the same seed, so a
// restart lives again, without telling, up to its place, makes sure that it came
// out at the same message, and goes on from there. Messages that wait are sent
// then, in their order.
//
// A message counts as sent when its answer is written. A process that is killed
// between an answer and that sends the message again, the same bytes under the
// same MSH-10, which a receiver answers as before.
//
// # Order, and what follows a refusal
//
// Each destination has a queue and a connection of its own, and one exchange at
// a time, so its messages go out in the order of the hospital. There are two ways
// out of that order, and neither touches the order of one patient:
//
//   - AR, or CR: the receiver may take the message later (ITI TF-2 C.2.3). It waits,
//     longer each time, and so do the next messages of the same patient; others go
//     on. It is parked after some attempts, and at once when the receiver says that
//     it will never take it: an unknown type, event, processing id or version.
//   - AE, or CE: the message must not be sent again as it is. It is parked, for
//     somebody to look at. The next messages of the patient go on: each of them
//     carries the whole identity and situation, and a receiver that lacks what came
//     before makes it (ITI TF-2 3.30.6, 3.31.7). What cannot stand alone is a
//     correction or cancellation of the movement that was refused: its receiver
//     could only call that an error, so it is parked as well, and says why.
//
// No connection, no answer and an answer that is none are faults of the line: the
// message is sent again after a pause, and everything waits with it. A message
// after which a receiver that takes connections never answers is parked after
// some attempts, so that one message cannot end all traffic.
//
// # Orders
//
// Others may have things happen beside the life of the hospital, see
// [Options].Orders: what they post waits in the same queues, in its order among
// what the hospital tells, and they are told what became of it. The [Place] does
// not move by it. What waits when a run ends is sent by the next one, as all else.
//
// # Time
//
// A [Pace] says when the next message is due. When a queue is full the hospital
// waits, so that nothing grows without bound.
package simulate
