"""Exercises for a hip that lets the pelvis sink, each with what is known of it, and when to see a doctor.

Figures are mean activity of gluteus medius in healthy people, as a share of its greatest voluntary contraction.
"""

from __future__ import annotations

from dataclasses import dataclass

GRADES = {
    "A": "several trials, or a meta-analysis of them, agree that it helps",
    "B": "one trial found that it helps",
    "C": "the muscle was measured at work in it; that it helps runners was not tested",
    "D": "mechanism or opinion only",
    "0": "tested, and no effect found",
}


@dataclass(frozen=True)
class Exercise:
    """What to do, how, what it is graded, and the numbers and sources behind that."""

    name: str
    how: str
    grade: str
    evidence: str


EXERCISES = (
    Exercise(
        "Pelvic lift and lower on one leg",
        "Stand on a step with the {leg} leg, knee straight. Let the other hip sink slowly, then lift it level again.",
        "C",
        "57 % of the greatest contraction [a]; among the highest in all parts of the muscle in a review [b]. "
        "The closest to what the hip does in running.",
    ),
    Exercise(
        "Side-lying leg lift",
        "Lie on the other side, the {leg} leg on top and straight, toes forward. Lift it, hold a second, lower it "
        "slowly.",
        "C",
        "81 % of the greatest contraction, the most of the 12 exercises of that study [c].",
    ),
    Exercise(
        "Single-leg deadlift",
        "Stand on the {leg} leg, bend at the hip with a straight back and a level pelvis, and come up again.",
        "C",
        "59 % [c].",
    ),
    Exercise(
        "Clamshell",
        "Lie on the other side, hips and knees bent, feet together. Open the {leg} knee without rolling back.",
        "C",
        "38 to 40 % [c]: an easy one to begin with.",
    ),
)
DOSE = "Three days a week for six weeks is what a trial used [e]; do both legs, and stop an exercise that hurts."
TOGETHER = (
    ("A", "Adding hip to knee strengthening lessens pain behind the kneecap: 1.5 points of 10 more than knee "
     "strengthening alone (95 % interval 0.8 to 2.3; meta-analysis) [d]."),
    ("0", "In a trial with 20 women, six weeks of hip strengthening and squat training made hips stronger and did not "
     "change how they moved in running [e]: a stronger hip need not show as a smaller drop."),
    ("B", "Ten per cent more steps a minute lessened the drop by 3.1 degrees in 12 runners with knee pain, without a "
     "control group [f]."),
)  # fmt: skip
SOURCES = (
    ("a", "Bolgla & Uhl 2005, J Orthop Sports Phys Ther 35:487"),
    ("b", "Moore, Semciw & Pizzari 2020, Int J Sports Phys Ther 15:856"),
    ("c", "Distefano et al. 2009, J Orthop Sports Phys Ther 39:532"),
    ("d", "Nascimento et al. 2018, J Orthop Sports Phys Ther 48:19"),
    ("e", "Willy & Davis 2011, J Orthop Sports Phys Ther 41:625"),
    ("f", "Bramah et al. 2019, Am J Sports Med 47:3406"),
)
DOCTOR = (
    "Stop running and see a doctor or physiotherapist if pain makes you limp, is deep in the groin, sits on one "
    "spot of "
    "a bone, is there at rest or at night, comes with swelling, numbness or a knee that locks, or has not gone after "
    "two weeks of less running."
)
