"""What only people can write of a model: the texts of its card, by field."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class CardSettings(BaseModel):
    """Texts for the model card; a field that is left out stays visibly open there.

    Attributes:
        developer, contact: who made the model, and whom to ask.
        release_stage, release_date, availability, regulatory_approval: how far it is, since when, where, by what leave.
        intended_use, intended_users, how_to_use, out_of_scope: what it is for, for whom, how, and what it is not for.
        context: why it is needed, and which models there are already.
        inequalities: what is known of unequal care or health among those it is for.
        risk_level: how bad a wrong prediction would be.
        ethics: known biases and questions of ethics.
        bias_mitigation, maintenance, security: what was done against bias, who keeps the model, how it is guarded.
        data_source, dates, setting, treatments: where people come from, when and where they were seen, what they got.
        outcome_assessment, predictor_assessment: who judged outcomes and predictors, and what they knew of each other.
        sample_size: how the number of people came about, and why it suffices.
        heterogeneity: how figures differ between places or centres.
        ethical_approval, consent: who approved the use of the data, and what people agreed to.
        funding, conflicts, protocol, registration, data_sharing, code_sharing: for whoever asks.
        involvement, stakeholders: who else had a say, patients among them.
        interpretation, handling, next_steps: what the figures mean in care, who handles the model, what comes next.
        publications: where the model was reported.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    developer: str = ""
    contact: str = ""
    release_stage: str = ""
    release_date: str = ""
    availability: str = ""
    regulatory_approval: str = ""
    intended_use: str = ""
    intended_users: str = ""
    how_to_use: str = ""
    out_of_scope: str = ""
    context: str = ""
    inequalities: str = ""
    risk_level: str = ""
    ethics: str = ""
    bias_mitigation: str = ""
    maintenance: str = ""
    security: str = ""
    data_source: str = ""
    dates: str = ""
    setting: str = ""
    treatments: str = ""
    outcome_assessment: str = ""
    predictor_assessment: str = ""
    sample_size: str = ""
    heterogeneity: str = ""
    ethical_approval: str = ""
    consent: str = ""
    funding: str = ""
    conflicts: str = ""
    protocol: str = ""
    registration: str = ""
    data_sharing: str = ""
    code_sharing: str = ""
    involvement: str = ""
    stakeholders: str = ""
    interpretation: str = ""
    handling: str = ""
    next_steps: str = ""
    publications: str = ""
