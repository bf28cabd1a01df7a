package doctor

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/scenarios"
)

// maxSkew is how far two clocks may be apart before movements end up in the
// wrong order, and fresh certificates are not yet valid.
const maxSkew = time.Minute

var timePath = hl7.MustPath("MSH-7")

// clock compares our clock with the time that the peer writes into its
// acknowledgement.
func (e *exam) clock(ctx context.Context, c *Check) {
	x := e.begin(ctx)
	if x.receipt == nil {
		c.skip(textf("pas d'acquittement dont lire l'heure", "no acknowledgement to read the time of"))
		return
	}
	value := x.receipt.Message.Lookup(timePath)
	told, err := value.Time(time.Local)
	if value.State() != hl7.Present || err != nil || told.Precision < hl7.PrecisionMinute {
		c.skip(textf("l'acquittement ne dit pas l'heure (MSH-7 : « %s »)", "the acknowledgement does not tell the time (MSH-7: %q)", value.String()))
		return
	}
	// The answer was written between our last byte and our reading of it; what
	// MSH-7 cuts off is at most its precision.
	skew := told.Time.Sub(x.answered.Add(-x.response.Latency / 2))
	allowed := maxSkew
	if told.Precision == hl7.PrecisionMinute {
		skew += 30 * time.Second
		allowed += 30 * time.Second
	}
	facts := &ClockFacts{Told: value.String(), SkewS: math.Round(skew.Seconds()), Zoned: told.HasZone}
	e.report.Facts.Clock = facts
	e.judgeSkew(c, skew, allowed, told.HasZone)
}

func (e *exam) judgeSkew(c *Check, skew, allowed time.Duration, zoned bool) {
	apart := skew.Abs().Round(time.Second)
	if apart <= allowed {
		c.Found = textf("les deux horloges sont d'accord, à %d s près", "the two clocks agree within %d s", max(1, int(apart.Seconds())))
		return
	}
	c.Found = textf("l'horloge du correspondant avance de %s", "the peer's clock is %s ahead", span(apart))
	if skew < 0 {
		c.Found = textf("l'horloge du correspondant retarde de %s", "the peer's clock is %s behind", span(apart))
	}
	remedy := textf("mettez les deux machines à l'heure (NTP)", "set the clocks of both machines (NTP)")
	code := "clock.skew"
	if !zoned && wholeZones(apart, allowed) {
		code = "clock.zone"
		remedy = textf("c'est sans doute le fuseau : MSH-7 n'en nomme pas. Qu'il écrive l'heure locale, ou +0000 derrière une heure UTC",
			"this is probably the time zone: MSH-7 names none. Let it write local time, or +0000 behind a time in UTC")
	}
	if now := e.opt.Now(); e.best != nil && len(e.best.chain) > 0 && now.Before(e.best.chain[0].NotBefore) {
		hint := textf(" ; son certificat commence dans l'avenir : c'est peut-être la nôtre qui retarde", "; its certificate begins in the future: perhaps ours is behind")
		remedy = scenarios.Text{FR: remedy.FR + hint.FR, EN: remedy.EN + hint.EN}
	}
	c.warn(Match, code, c.Found, remedy)
}

// span writes a time between clocks as exactly as matters.
func span(d time.Duration) string {
	minutes := int(d.Round(time.Minute).Minutes())
	switch {
	case d < 10*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case minutes < 60:
		return fmt.Sprintf("%d min", minutes)
	case minutes < 48*60:
		return fmt.Sprintf("%d h %02d", minutes/60, minutes%60)
	}
	return fmt.Sprintf("%d × 24 h", minutes/60/24)
}

// wholeZones reports whether a time looks like a difference between time zones:
// quarters of an hour.
func wholeZones(apart, allowed time.Duration) bool {
	const quarter = 15 * time.Minute
	rest := apart % quarter
	return apart <= 14*time.Hour+allowed && apart >= quarter-allowed && min(rest, quarter-rest) <= allowed
}
