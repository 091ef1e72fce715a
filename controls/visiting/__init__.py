"""Visiting grants (gæsteroller): a small agency borrows an approver, a tester or a quality reviewer.

waiting for the lender → waiting for the grant → granted → expired; refused or ended before. Asked by the borrowing
coordinator, lent by the lender's, prepared by one administrator and granted by another (S8). The table and what a
grant lets a visitor do stand in identity, since every page is filtered by it.
"""
