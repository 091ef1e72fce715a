"""The demo: three organisations and five years, played in through the product's own actions with given dates."""
